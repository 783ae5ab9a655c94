# Les mots de l’interface, en français.
app-name = Podschool

## islands: the bar
theme = Couleurs
theme-system = Comme sur cet appareil
theme-light = Clair
theme-dark = Sombre
connection-connecting = Connexion…
connection-waiting = Reconnexion…
connection-starting = Démarrage de votre cluster…
connection-ready = Cluster prêt
connection-unreachable = Le cluster ne répond pas
connection-crashed = Le cluster est tombé. Recommencez ci-dessous.
connection-ended = Cette session est terminée
connection-now = Essayer maintenant
connection-reload = Recharger
progress = Étapes de cette leçon
progress-count = { $done } sur { $all }
progress-step =
    { $status ->
        [done] Étape { $number }, faite : { $title }
       *[open] Étape { $number } : { $title }
    }
close = Fermer
cancel = Annuler
notices = Messages

## islands: the text
run = Exécuter
stop = Arrêter
run-hint = Cliquer pour exécuter dans le terminal
run-command = Exécuter : { $command }
copy = Copier
copied = Copié
typed = Tapé dans le terminal { $number }
step-done = C’est fait.
step-ticked = C’est fait : { $title }. { $cause }
step-lapsed = C’était fait, et ce n’est plus le cas.
why = Pourquoi pas encore ?
why-unknown = Je ne vois rien qui manque. Regardez encore une fois.
hint = Indice
hint-more = Un autre indice
hint-number = Indice { $number }
solution = Solution
deeper = Un peu plus loin
solution-show = Montrer la solution
answer = Répondre
answer-right = Juste.
answer-wrong = Pas tout à fait. Regardez encore.
answer-kept = C’est noté.
finish = Bien joué
finish-words =
    { $count ->
        [one] Vous avez terminé cette leçon.
       *[other] Les { $count } étapes sont faites. Votre cluster reste là ; continuez à jouer autant que vous voulez.
    }
finish-next = Leçon suivante
finish-course = Retour au cours
restart = Recommencer cette leçon
restart-title = Recommencer ?
restart-words = Vous recevez un nouveau cluster et un dossier propre. Ce que vous avez fait ici est jeté.
restart-yes = Recommencer

## islands: the working area
panes = Volets
read-on = Lire la suite
pane-text = Leçon
pane-terminal = Terminal
pane-preview = Aperçu
split-text = Largeur du texte de la leçon
split-terminal = Hauteur des terminaux
terminals = Terminaux
terminal = Terminal { $number }
terminal-new = Nouveau terminal
terminal-close = Fermer le terminal { $number }
getting-ready = Préparation de votre cluster…
shell-ended = Le shell est terminé.
shell-again = En ouvrir un autre
too-much-input = C’est plus que le terminal n’accepte d’un coup ; rien n’a été tapé.
font-smaller = Texte plus petit
font-larger = Texte plus grand
reader = Mode lecteur d’écran
reader-on = Le mode lecteur d’écran est activé. Maj et Tab quittent le terminal.
reader-off = Le mode lecteur d’écran est désactivé.
keys = Touches
key-up = Flèche haut
key-down = Flèche bas
search = Chercher
search-next = Résultat suivant
search-previous = Résultat précédent
preview = Aperçu
preview-of = Page de { $target }
preview-reload = Recharger
preview-address = Adresse
preview-out = Ouvrir dans un nouvel onglet
preview-open = Ouvrir l’aperçu
preview-close = Fermer l’aperçu
preview-empty = Ce qu’un pod sert apparaît ici dès que vous redirigez son port :

## islands: the picture
pane-picture = Cluster
picture-open = Montrer le cluster
picture-close = Fermer le dessin
picture-table = En tableau
picture-drawing = En dessin
picture-empty = Rien encore. Le dessin suit ce que vous faites.
picture-unplaced = En attente d’un nœud
column-node = Nœud
column-pod = Pod
column-ready = Prêts
column-status = État
column-restarts = Redémarrages
column-address = Adresse
column-services = Services
room-cpu = { $used } sur { $all } CPU demandés
room-memory = { $used } sur { $all } demandés
node-not-ready = Le nœud n’est pas prêt
pod-restarts = redémarré { $count }×

## pages
page-skip = Aller au contenu
page-language = Langue
page-course-title = Apprendre les pods en les faisant tourner
page-course-lead = Chaque leçon s’ouvre avec un cluster à vous et un terminal à côté du texte. Elle remarque ce que vous faites.
page-begin = Commencer :
page-go-on = Continuer :
page-next-lesson = À suivre
page-minutes = { $minutes } minutes
page-done =
    { $done ->
        [0] { $steps } étapes
       *[other] { $done } étapes sur { $steps }
    }
page-next = Suite :
page-no-script = Le texte se lit sans scripts ; le terminal à côté en a besoin.
page-back-to-course = Retour au cours
page-not-found = Il n’y a rien ici
page-not-found-more = Cette adresse n’est pas l’une des nôtres. Toutes les leçons sont sur la page du cours.
page-too-many = Un instant, s’il vous plaît
page-too-many-more = Beaucoup de nouvelles sessions ont été demandées depuis votre réseau. Attendez une minute, puis rechargez la page.
page-full = Toutes les places sont prises
page-full-more = Ce serveur accueille autant d’élèves qu’il le peut. Réessayez dans quelques minutes.
page-no-cluster = Votre cluster n’a pas pu être créé
page-no-cluster-more = Le journal du serveur dit pourquoi. Rechargez la page pour réessayer.
page-only-simulated = Cette leçon se déroule sur le cluster simulé : un cluster partagé ne peut pas l’héberger sans risque.
page-real-cluster = Vous travaillez sur un vrai cluster, dans un espace de noms rien qu’à vous. Il est supprimé à la fin de la session.
page-cluster-away = Le cluster ne répond pas. Votre terminal reste ouvert ; nous continuons d’essayer.
page-cluster-back = Le cluster répond de nouveau.
page-cluster-forgot = Le cluster répond de nouveau, mais il a perdu votre namespace : vous en avez un nouveau, vide.
terminal-again = ── De retour. Un nouveau shell, dans le même dossier. ──
cluster-not-again = Vos fichiers et votre progression sont là. Le cluster est nouveau, car l’ancien n’a pas pu être rétabli.

## islands: time and details
pane-files = Fichiers
pane-time = Temps
pane-close = Fermer ce volet
time-real = Le temps d’un vrai cluster ne se change pas. Les pistes montrent ce qu’il fait.
time-speed = { $factor }×
time-tools = Horloge du cluster
time-pause = Pause
time-resume = Reprendre
time-step = Pas
time-step-more = Avance jusqu’au prochain changement, puis continue comme avant
time-skip = Sauter une minute
time-empty = Pas encore de conteneur. Lancez un pod, et sa vie se dessine ici.
time-lanes = Pistes de temps
lane-words = { $pod }, conteneur { $container } : { $state }, redémarré { $restarts } fois
lane-gone = disparu
lane-waiting = en attente
lane-running = en marche, pas prêt
lane-ready = en marche et prêt
lane-backoff = back-off
lane-ended = terminé
mark-started = démarré
mark-probe = sonde en échec
mark-killing = tué
details-back = Retour
details-why = Pourquoi c’est ainsi
details-events = Ce qui s’est passé
details-no-events = Rien n’est noté.
why-placed = L’ordonnanceur a choisi { $node } à { $at }.
why-unplaced = Il attend un nœud. L’ordonnanceur dit : { $message }
why-waiting = { $name } attend : { $reason }. { $message }
why-back-off = { $name } repart à { $until } : le back-off est de { $seconds } secondes et double à chaque échec.
why-ready = { $name } tourne depuis { $at } et est prêt.
why-not-ready = { $name } tourne depuis { $at } et n’est pas prêt.
why-ended = { $name } s’est terminé à { $at } avec le code { $code } ({ $reason }).
why-restarts = { $name } a été redémarré { $count }×.
why-probe = Sa dernière sonde en échec, à { $at } : { $message } (vue { $count }×)
why-endpoint = Le service { $service } lui envoie du trafic.
why-no-endpoint = Le service { $service } le sélectionne, mais ne lui envoie rien : il n’est pas prêt.
why-claim = La demande { $claim } est { $phase } ; son volume est { $volume }.
why-condition = { $type } est { $status }. { $message }
why-leaving = Il est en cours de suppression ; son temps finit à { $until }.
step-played = Joué pour vous.

## islands: files
editor = Texte du fichier
files-empty = Pas encore de fichiers. Les leçons et le terminal en mettent ici.
file-saving = Enregistrement…
file-saved = Enregistré
file-apart = { $path } a aussi été modifié dans le terminal.
file-theirs = Prendre celui du terminal
file-mine = Garder le mien
apply = Appliquer
file-put = Mettre dans { $path }
file-put-done = { $path } est dans l’éditeur
file-not-text = { $path } n’est pas un texte affichable.
step-jump = Aller à cette étape
step-again = Recommencer cette étape
step-again-words = Vous recevez un nouveau cluster et un nouveau dossier. Les étapes avant « { $title } » sont jouées pour vous ; ce que vous avez fait ici est jeté.
