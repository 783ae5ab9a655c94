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
