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

## pages: the playground
play-title = Terrain libre
play-lead = Un cluster vide, et rien d’imposé. Essayez un exemple, changez-le, cassez-le.
play-examples = Exemples
play-examples-more = Chacun est un fichier. L’essayer le dépose dans votre dossier personnel et l’applique ; ce que vous y changez reste.
play-try = Essayer
play-images = Images
play-images-more = Ce que ce cluster simulé peut télécharger. Tout autre nom échoue, comme avec un registre qui ne l’a pas.
play-afresh = Repartir d’un cluster vide
play-afresh-title = Jeter ce cluster ?
play-afresh-words = Vous recevez un nouveau cluster et un dossier personnel neuf. Ce que vous avez fait ici disparaît ; les liens que vous avez partagés fonctionnent toujours.
play-afresh-shared = Vous retrouvez le cluster et les fichiers tels qu’ils ont été partagés. Ce que vous avez changé ici disparaît.
play-afresh-yes = Recommencer
course-play = Ou jouez simplement
course-play-more = Un cluster à vous, sans leçon, avec des exemples à démonter.
example-pod = Un pod
example-pod-more = La plus petite chose qui tourne : un conteneur avec une page web.
example-sidecar = Deux conteneurs, un pod
example-sidecar-more = L’un écrit une page, l’autre la sert. Ils partagent un volume.
example-web = Un deployment et son service
example-web-more = Trois copies d’un serveur web derrière une adresse. Supprimez-en une et regardez.
example-probes = Sondes
example-probes-more = Un conteneur à qui l’on demande s’il est prêt et s’il vit. Faites-le échouer depuis sa propre page.
example-settings = Réglages et secrets
example-settings-more = Le même conteneur, à qui un ConfigMap et un Secret disent quoi dire.
example-claim = Des données qui restent
example-claim-more = Une demande, un volume créé pour elle, et un pod qui écrit une ligne à chaque démarrage.
example-job = Un travail qui se termine
example-job-more = Un job qui compte jusqu’à trois, quatre fois, deux à la fois.
example-wrong-image = Cassé : l’image
example-wrong-image-more = Deux lettres ont changé de place. Lisez ce que le pod en dit.
example-crash-loop = Cassé : il se termine toujours
example-crash-loop-more = Le processus renonce au bout d’une seconde. Voyez grandir les pauses.
example-too-big = Cassé : trop gros
example-too-big-more = Il demande plus que n’a aucun nœud ; aucun nœud ne le prend.
image-alpine = Un petit Linux, connu pour son gestionnaire de paquets.
image-busybox = Un shell et beaucoup de petits outils.
image-chatroulette-back = Le backend d’une paire, sur le port 3000.
image-chatroulette-front = Le frontend d’une paire, sur le port 8080.
image-git-sync = Garde un dossier identique à un dépôt.
image-goproxy = Un proxy TCP sur le port 8080.
image-httpd = Le serveur web Apache.
image-kuard-amd64 = Une démonstration avec sondes, mémoire et fichiers sur sa page, port 8080.
image-mysql = L’apparence d’une base de données : son port, son journal, son dossier.
image-nginx = Un serveur web avec une page d’accueil.
image-pause = Tient le réseau d’un pod et ne fait rien.
image-stress = Consomme CPU et mémoire à la demande.
image-wordpress = L’apparence d’un blog.

hardship-nodes = Nœuds
hardship-nodes-more = Chacun a 2 CPU et 4 Gio. Ajoutez-en, éteignez-en un et voyez où vont ses pods. Cela prend des minutes du temps du cluster, comme en vrai : le volet Temps les raccourcit.
hardship-add = Ajouter un nœud
hardship-remove = Retirer { $node }
hardship-there = Marche
hardship-slow = Lent
hardship-gone = Éteint
hardship-faults = Ce qui va mal
hardship-faults-more = Cassez quelque chose, puis retrouvez-le depuis le terminal.
hardship-registry = Registres d’images
hardship-dns = Le DNS du cluster
hardship-pod = Pod
hardship-hang = Se fige
hardship-leak = Fuite de mémoire

## pages: handing a session on
share-title = Un monde partagé
share-lead = Quelqu’un vous a transmis ce cluster. C’est votre propre copie : rien de ce que vous faites ici ne se voit là-bas.
page-no-share = Ce lien ne mène nulle part
page-no-share-more = Les liens fonctionnent trente jours. Demandez-en un nouveau, ou partez d’un cluster vide.
hand-on = Partager
share = Partager par un lien
share-words = Qui a le lien reçoit une copie du cluster et de vos fichiers tels qu’ils sont maintenant. Ce que montrent vos terminaux et vos réponses restent ici. S’il y a un vrai mot de passe dans vos fichiers, retirez-le d’abord.
share-make = Créer un lien
share-making = Création du lien…
share-link = Lien
share-until = Il fonctionne jusqu’au { $day }.
share-not-here = Il n’y a pas ici de cluster simulé à transmettre.
share-too-large = Ce cluster a fait plus de choses qu’un lien n’en peut porter (1 Mio). Enregistrez-le dans un fichier, ou recommencez et partagez plus tôt.
share-too-many = Vingt de vos liens fonctionnent en ce moment, et il ne peut y en avoir plus. Le plus ancien prend fin trente jours après sa création. D’ici là, enregistrez dans un fichier.
share-full = Ce serveur garde autant de liens qu’il peut. Enregistrez plutôt dans un fichier.
share-not-kept = L’écriture sur le disque a échoué. Le journal du serveur dit pourquoi ; essayez encore.
save = Enregistrer dans un fichier
save-failed = Le fichier n’a pas pu être créé.
bring = Rapporter une session enregistrée
bring-more = Un fichier que vous avez enregistré ici, ou sur un autre Podschool.
bring-busy = Retour de la session…
bring-failed = Le fichier n’a pas pu être envoyé. Le serveur est-il là ?
file-strange = Ce n’est pas un fichier de Podschool, ou il s’est abîmé en route.
file-newer = Ce fichier vient d’un Podschool plus récent que celui-ci.
file-too-large = Ce fichier est plus grand que ne peut l’être une session (4 Mio compressés, 2 Mio de fichiers, trois mois du temps du cluster).
file-no-lesson = Ce fichier appartient à une leçon qui n’est pas enseignée ici.
file-replace-title = Remplacer votre session ?
file-replace-words = Vous avez déjà une session ici. Le fichier prend sa place, avec sa progression ; ce qui est ici maintenant est perdu.
file-replace-yes = Remplacer
embed = Mettre cette leçon sur votre page
embed-words = Copiez ceci dans une de vos pages. La leçon commence au clic, tourne sur le cluster simulé, ne dépose aucun cookie et se termine après un moment.
embed-code = HTML à copier
embed-start = Commencer
embed-start-words = Un cluster à vous, pour quelques minutes. Rien n’est gardé.
embed-starting = Démarrage…
embed-failed = Le démarrage a échoué. Le serveur est-il là ?
embed-onward = Continuer sur Podschool
embed-preview = { $target } sert une page. À l’intérieur d’une autre page, elle ne peut pas être montrée ici.
preview-ports = Ports transférés
