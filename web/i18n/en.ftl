# The words of the interface, in English. Lessons bring their own. The same messages stand in every language.
app-name = Podschool

## islands: the bar
theme = Colours
theme-system = As on this device
theme-light = Light
theme-dark = Dark
connection-connecting = Connecting…
connection-waiting = Reconnecting…
connection-starting = Starting your cluster…
connection-ready = Cluster ready
connection-unreachable = The cluster does not answer
connection-crashed = The cluster broke. Begin again below.
connection-ended = This session has ended
connection-now = Try now
connection-reload = Load again
progress = Steps of this lesson
progress-count = { $done } of { $all }
progress-step =
    { $status ->
        [done] Step { $number }, done: { $title }
       *[open] Step { $number }: { $title }
    }
close = Close
cancel = Cancel
notices = Messages

## islands: the text
run = Run
stop = Stop
run-hint = Click to run in the terminal
run-command = Run: { $command }
copy = Copy
copied = Copied
typed = Typed into terminal { $number }
step-done = Done.
step-ticked = Done: { $title }. { $cause }
step-lapsed = This was done, and no longer holds.
why = Why not yet?
why-unknown = Nothing is missing that I could name. Look once more.
hint = Hint
hint-more = Another hint
hint-number = Hint { $number }
solution = Solution
deeper = A little deeper
solution-show = Show the solution
answer = Answer
answer-right = Right.
answer-wrong = Not quite. Look again.
answer-kept = Noted.
finish = Well done
finish-words =
    { $count ->
        [one] You finished this lesson.
       *[other] All { $count } steps are done. Your cluster stays here; play on as long as you like.
    }
finish-next = Next lesson
finish-course = Back to the course
restart = Begin this lesson again
restart-title = Begin again?
restart-words = You get a new cluster and a fresh home. What you made here is thrown away.
restart-yes = Begin again

## islands: the working area
panes = Panes
read-on = Read on
pane-text = Lesson
pane-terminal = Terminal
pane-preview = Preview
split-text = Width of the lesson's text
split-terminal = Height of the terminals
terminals = Terminals
terminal = Terminal { $number }
terminal-new = New terminal
terminal-close = Close terminal { $number }
getting-ready = Getting your cluster ready…
shell-ended = The shell has ended.
shell-again = Start a new one
too-much-input = That is more than the terminal can take at once; none of it was typed.
font-smaller = Smaller text
font-larger = Larger text
reader = Screen reader mode
reader-on = Screen reader mode is on. Shift and Tab leave the terminal.
reader-off = Screen reader mode is off.
keys = Keys
key-up = Arrow up
key-down = Arrow down
search = Search
search-next = Next match
search-previous = Previous match
preview = Preview
preview-of = Page of { $target }
preview-reload = Load again
preview-address = Address
preview-out = Open in a new tab
preview-open = Open the preview
preview-close = Close the preview
preview-empty = What a pod serves appears here once you forward its port:

## islands: the picture
pane-picture = Cluster
picture-open = Show the cluster
picture-close = Close the picture
picture-table = As a table
picture-drawing = As a picture
picture-empty = Nothing here yet. The picture follows what you do.
picture-unplaced = Waiting for a node
column-node = Node
column-pod = Pod
column-ready = Ready
column-status = Status
column-restarts = Restarts
column-address = Address
column-services = Services
room-cpu = { $used } of { $all } CPU asked for
room-memory = { $used } of { $all } asked for
node-not-ready = The node is not ready
pod-restarts = restarted { $count }×

## pages
page-skip = Skip to the content
page-language = Language
page-course-title = Learn pods by running them
page-course-lead = Each lesson opens with a cluster of your own and a terminal beside the text. It notices what you did.
page-begin = Begin:
page-go-on = Go on:
page-next-lesson = Up next
page-minutes = { $minutes } minutes
page-done =
    { $done ->
        [0] { $steps } steps
       *[other] { $done } of { $steps } steps
    }
page-next = Next:
page-no-script = The text reads without scripts; the terminal beside it needs them.
page-back-to-course = Back to the course
page-not-found = There is nothing here
page-not-found-more = The address is not one of ours. The lessons are all on the course page.
page-too-many = One moment, please
page-too-many-more = Many new sessions were asked for from your network. Wait a minute and load the page again.
page-full = Every place is taken
page-full-more = This server has as many learners as it can serve. Try again in a few minutes.
page-no-cluster = Your cluster could not be made
page-no-cluster-more = The server's log says why. Load the page again to try once more.
page-only-simulated = This lesson runs on the simulated cluster: a shared one cannot host it safely.
page-real-cluster = You work on a real cluster, in a namespace of your own. It is removed when the session ends.
page-cluster-away = The cluster does not answer. Your terminal stays; we keep asking.
page-cluster-back = The cluster answers again.
page-cluster-forgot = The cluster answers again, but it has lost your namespace: you have a new, empty one.
terminal-again = ── Welcome back. A new shell, in the same home. ──
cluster-not-again = Your files and progress are back. The cluster is a new one, because the old one could not be brought back.

## islands: time and details
pane-files = Files
pane-time = Time
pane-close = Close this pane
time-real = A real cluster's time cannot be changed. The lanes show what it does.
time-speed = { $factor }×
time-tools = Clock of the cluster
time-pause = Pause
time-resume = Go on
time-step = Step
time-step-more = Run until something changes, then go on as before
time-skip = Skip a minute
time-empty = No containers yet. Start a pod, and its life is drawn here.
time-lanes = Lanes of time
lane-words = { $pod }, container { $container }: { $state }, restarted { $restarts } times
lane-gone = gone
lane-waiting = waiting
lane-running = running, not ready
lane-ready = running and ready
lane-backoff = back-off
lane-ended = ended
mark-started = started
mark-probe = probe failed
mark-killing = killed
details-back = Back
details-why = Why it is so
details-events = What happened
details-no-events = Nothing is on record.
why-placed = The scheduler chose { $node } for it at { $at }.
why-unplaced = It waits for a node. The scheduler says: { $message }
why-waiting = { $name } waits: { $reason }. { $message }
why-back-off = { $name } starts again at { $until }: the back-off is { $seconds } seconds now and doubles with each failure.
why-ready = { $name } has run since { $at } and is ready.
why-not-ready = { $name } has run since { $at } and is not ready.
why-ended = { $name } ended last at { $at } with exit code { $code } ({ $reason }).
why-restarts = { $name } was restarted { $count }×.
why-probe = Its last failed probe, at { $at }: { $message } (seen { $count }×)
why-endpoint = Service { $service } sends traffic to it.
why-no-endpoint = Service { $service } selects it, but sends no traffic: it is not ready.
why-claim = Claim { $claim } is { $phase }; its volume is { $volume }.
why-condition = { $type } is { $status }. { $message }
why-leaving = It is being deleted; its time ends at { $until }.
step-played = Played for you.

## islands: files
editor = Text of the file
files-empty = No files yet. Lessons put some here, and so does the terminal.
file-saving = Saving…
file-saved = Saved
file-apart = { $path } was changed in the terminal, too.
file-theirs = Take the terminal's
file-mine = Keep mine
apply = Apply
file-put = Put into { $path }
file-put-done = { $path } is in the editor
file-not-text = { $path } is not a text that can be shown.
step-jump = Jump to this step
step-again = Start this step over
step-again-words = You get a new cluster and a fresh home. All steps before “{ $title }” are played for you; what you made here is thrown away.

## pages: the playground
play-title = Playground
play-lead = An empty cluster, and nothing you have to do. Try an example, change it, break it.
play-examples = Examples
play-examples-more = Each is a file. Trying one puts it into your home and applies it; changes you make there stay.
play-try = Try it
play-images = Images
play-images-more = What this simulated cluster can pull. Any other name fails as it would where a registry does not have it.
play-afresh = Begin with an empty cluster
play-afresh-title = Throw this cluster away?
play-afresh-words = You get a new cluster and a fresh home. What you made here is gone; links that you shared still work.
play-afresh-shared = You get the cluster and the files again as they were shared. What you changed here is gone.
play-afresh-yes = Begin again
course-play = Or just play
course-play-more = A cluster of your own without a lesson, with examples to take apart.
example-pod = One pod
example-pod-more = The smallest thing that runs: one container with a web page.
example-sidecar = Two containers, one pod
example-sidecar-more = One writes a page, the other serves it. They share a volume.
example-web = A deployment and its service
example-web-more = Three copies of a web server behind one address. Delete one and watch.
example-probes = Probes
example-probes-more = A container that is asked whether it is ready, and whether it lives. Make it fail on its own page.
example-settings = Settings and secrets
example-settings-more = The same container, told what to say by a ConfigMap and a Secret.
example-claim = Data that stays
example-claim-more = A claim, a volume made for it, and a pod that writes a line each time it starts.
example-job = Work that ends
example-job-more = A job that counts to three, four times, two at a time.
example-wrong-image = Broken: the image
example-wrong-image-more = Two letters changed places. Read what the pod says about it.
example-crash-loop = Broken: it always ends
example-crash-loop-more = The process gives up after a second. See how the pauses grow.
example-too-big = Broken: too big
example-too-big-more = It asks for more than any node has, so no node takes it.
image-alpine = A small Linux with a package manager's name.
image-busybox = A shell and many small tools.
image-chatroulette-back = The backend of a pair, on port 3000.
image-chatroulette-front = The frontend of a pair, on port 8080.
image-git-sync = Keeps a directory as a repository is.
image-goproxy = A TCP proxy on port 8080.
image-httpd = The Apache web server.
image-kuard-amd64 = A demo with probes, memory and files on its page, on port 8080.
image-mysql = A database's likeness: its port, its log, its directory.
image-nginx = A web server with a welcome page.
image-pause = Holds a pod's network and does nothing.
image-stress = Takes CPU and memory on demand.
image-wordpress = A blog's likeness.

hardship-nodes = Nodes
hardship-nodes-more = Each has 2 CPUs and 4 GiB. Add some, switch one off, and see where its pods go. That takes minutes of the cluster's time, as in real life: the Time pane makes them short.
hardship-add = Add a node
hardship-remove = Remove { $node }
hardship-there = Works
hardship-slow = Slow
hardship-gone = Off
hardship-faults = What goes wrong
hardship-faults-more = Break something, and find it again from the terminal.
hardship-registry = Image registries
hardship-dns = The cluster's DNS
hardship-pod = Pod
hardship-hang = Hangs
hardship-leak = Leaks memory

## pages: handing a session on
share-title = A shared world
share-lead = Somebody handed this cluster on to you. It is your own copy: nothing you do here shows there.
page-no-share = This link leads nowhere
page-no-share-more = Links work for thirty days. Ask for a new one, or begin with an empty cluster.
hand-on = Share
share = Share by a link
share-words = Whoever has the link gets a copy of the cluster and of your files as they are now. What your terminals show and your answers stay here. If there is a real password in your files, take it out first.
share-make = Make a link
share-making = Making a link…
share-link = Link
share-until = It works until { $day }.
share-not-here = There is no simulated cluster here that could be handed on.
share-too-large = This cluster has done more than a link can carry (1 MiB). Save it as a file, or begin again and share sooner.
share-too-many = Twenty of your links work at the moment, and more there cannot be. The oldest ends thirty days after you made it. Until then, save it as a file.
share-full = This server keeps as many links as it can. Save it as a file instead.
share-not-kept = It could not be written to the disk. The server's log says why; try again.
save = Save as a file
save-failed = The file could not be made.
bring = Bring back a saved session
bring-more = A file you saved here, or on another Podschool.
bring-busy = Bringing it back…
bring-failed = The file could not be sent. Is the server there?
file-strange = This is not a file of Podschool, or it was damaged on its way.
file-newer = This file was made by a newer Podschool than this one.
file-too-large = This file is larger than a session can be (4 MiB packed, 2 MiB of files, three months of the cluster's time).
file-no-lesson = This file belongs to a lesson that is not taught here.
file-replace-title = Replace your session?
file-replace-words = You have a session here already. The file takes its place, with its progress; what is here now is thrown away.
file-replace-yes = Replace it
embed = Put this lesson on your page
embed-words = Copy this into a page of yours. The lesson starts when somebody clicks, runs on the simulated cluster, sets no cookie and ends after a while.
embed-code = HTML to copy
embed-start = Start
embed-start-words = A cluster of your own, for a few minutes. Nothing is kept.
embed-starting = Starting…
embed-failed = It could not be started. Is the server there?
embed-onward = Continue on Podschool
embed-preview = { $target } serves a page. Within another page it cannot be shown here.
preview-ports = Forwarded ports
