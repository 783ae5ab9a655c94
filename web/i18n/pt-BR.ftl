# As palavras da interface, em português do Brasil.
app-name = Podschool

## islands: the bar
theme = Cores
theme-system = Como neste dispositivo
theme-light = Claro
theme-dark = Escuro
connection-connecting = Conectando…
connection-waiting = Reconectando…
connection-starting = Iniciando seu cluster…
connection-ready = Cluster pronto
connection-unreachable = O cluster não responde
connection-crashed = O cluster quebrou. Comece de novo abaixo.
connection-ended = Esta sessão terminou
connection-now = Tentar agora
connection-reload = Recarregar
progress = Passos desta lição
progress-count = { $done } de { $all }
progress-step =
    { $status ->
        [done] Passo { $number }, feito: { $title }
       *[open] Passo { $number }: { $title }
    }
close = Fechar
cancel = Cancelar
notices = Mensagens

## islands: the text
run = Executar
stop = Parar
run-hint = Clique para executar no terminal
run-command = Executar: { $command }
copy = Copiar
copied = Copiado
typed = Digitado no terminal { $number }
step-done = Feito.
step-ticked = Feito: { $title }. { $cause }
step-lapsed = Isto estava feito e deixou de valer.
why = Por que ainda não?
why-unknown = Não encontro nada que falte. Olhe mais uma vez.
hint = Dica
hint-more = Outra dica
hint-number = Dica { $number }
solution = Solução
deeper = Um pouco mais a fundo
solution-show = Mostrar a solução
answer = Responder
answer-right = Certo.
answer-wrong = Ainda não. Olhe de novo.
answer-kept = Anotado.
finish = Muito bem
finish-words =
    { $count ->
        [one] Você terminou esta lição.
       *[other] Os { $count } passos estão feitos. Seu cluster continua aqui; brinque quanto quiser.
    }
finish-next = Próxima lição
finish-course = Voltar ao curso
restart = Recomeçar esta lição
restart-title = Recomeçar?
restart-words = Você recebe um cluster novo e uma pasta limpa. O que você fez aqui é descartado.
restart-yes = Recomeçar

## islands: the working area
panes = Painéis
read-on = Continuar
pane-text = Lição
pane-terminal = Terminal
pane-preview = Página
split-text = Largura do texto da lição
split-terminal = Altura dos terminais
terminals = Terminais
terminal = Terminal { $number }
terminal-new = Novo terminal
terminal-close = Fechar o terminal { $number }
getting-ready = Preparando seu cluster…
shell-ended = O shell terminou.
shell-again = Abrir outro
too-much-input = Isso é mais do que o terminal aceita de uma vez; nada foi digitado.
font-smaller = Texto menor
font-larger = Texto maior
reader = Modo leitor de tela
reader-on = O modo leitor de tela está ligado. Shift e Tab saem do terminal.
reader-off = O modo leitor de tela está desligado.
keys = Teclas
key-up = Seta para cima
key-down = Seta para baixo
search = Buscar
search-next = Próximo resultado
search-previous = Resultado anterior
preview = Página
preview-of = Página de { $target }
preview-reload = Recarregar
preview-address = Endereço
preview-out = Abrir em nova aba
preview-open = Abrir a página
preview-close = Fechar a página
preview-empty = O que um pod serve aparece aqui quando você encaminha a porta dele:

## islands: the picture
pane-picture = Cluster
picture-open = Mostrar o cluster
picture-close = Fechar o desenho
picture-table = Como tabela
picture-drawing = Como desenho
picture-empty = Ainda não há nada. O desenho acompanha o que você faz.
picture-unplaced = Esperando um nó
column-node = Nó
column-pod = Pod
column-ready = Prontos
column-status = Estado
column-restarts = Reinícios
column-address = Endereço
column-services = Serviços
room-cpu = { $used } de { $all } CPU pedidos
room-memory = { $used } de { $all } pedidos
node-not-ready = O nó não está pronto
pod-restarts = reiniciado { $count }×

## pages
page-skip = Ir para o conteúdo
page-language = Idioma
page-course-title = Aprenda pods fazendo pods
page-course-lead = Cada lição abre com um cluster só seu e um terminal ao lado do texto. Ela percebe o que você fez.
page-begin = Começar:
page-go-on = Continuar:
page-next-lesson = A seguir
page-minutes = { $minutes } minutos
page-done =
    { $done ->
        [0] { $steps } passos
       *[other] { $done } de { $steps } passos
    }
page-next = A seguir:
page-no-script = O texto pode ser lido sem scripts; o terminal ao lado precisa deles.
page-back-to-course = Voltar ao curso
page-not-found = Não há nada aqui
page-not-found-more = Este endereço não é nosso. Todas as lições estão na página do curso.
page-too-many = Um momento, por favor
page-too-many-more = Muitas sessões novas foram pedidas a partir da sua rede. Espere um minuto e recarregue a página.
page-full = Todos os lugares estão ocupados
page-full-more = Este servidor já atende tantos alunos quanto pode. Tente de novo em alguns minutos.
page-no-cluster = Não foi possível criar o seu cluster
page-no-cluster-more = O registro do servidor diz por quê. Recarregue a página para tentar de novo.
page-only-simulated = Esta lição roda no cluster simulado: um cluster compartilhado não pode hospedá-la com segurança.
page-real-cluster = Você trabalha em um cluster real, em um namespace só seu. Ele é removido quando a sessão termina.
page-cluster-away = O cluster não responde. Seu terminal continua aqui; seguimos perguntando.
page-cluster-back = O cluster voltou a responder.
page-cluster-forgot = O cluster voltou a responder, mas perdeu o seu namespace: você tem um novo, vazio.
terminal-again = ── Bem-vindo de volta. Um shell novo, na mesma casa. ──
cluster-not-again = Seus arquivos e seu progresso voltaram. O cluster é novo, porque o antigo não pôde ser recuperado.

## islands: time and details
pane-files = Arquivos
pane-time = Tempo
pane-close = Fechar este painel
time-real = O tempo de um cluster real não pode ser alterado. As faixas mostram o que ele faz.
time-speed = { $factor }×
time-tools = Relógio do cluster
time-pause = Pausar
time-resume = Continuar
time-step = Passo
time-step-more = Corre até algo mudar e continua como antes
time-skip = Pular um minuto
time-empty = Ainda não há contêineres. Inicie um pod, e a vida dele aparece aqui.
time-lanes = Faixas de tempo
lane-words = { $pod }, contêiner { $container }: { $state }, reiniciado { $restarts } vezes
lane-gone = removido
lane-waiting = esperando
lane-running = em execução, não pronto
lane-ready = em execução e pronto
lane-backoff = back-off
lane-ended = terminado
mark-started = iniciado
mark-probe = sonda falhou
mark-killing = morto
details-back = Voltar
details-why = Por que está assim
details-events = O que aconteceu
details-no-events = Nada registrado.
why-placed = O scheduler escolheu { $node } às { $at }.
why-unplaced = Espera por um nó. O scheduler diz: { $message }
why-waiting = { $name } espera: { $reason }. { $message }
why-back-off = { $name } inicia de novo às { $until }: o back-off é de { $seconds } segundos e dobra a cada falha.
why-ready = { $name } roda desde { $at } e está pronto.
why-not-ready = { $name } roda desde { $at } e não está pronto.
why-ended = { $name } terminou por último às { $at } com código { $code } ({ $reason }).
why-restarts = { $name } foi reiniciado { $count }×.
why-probe = A última sonda que falhou, às { $at }: { $message } (vista { $count }×)
why-endpoint = O serviço { $service } envia tráfego para ele.
why-no-endpoint = O serviço { $service } o seleciona, mas não envia tráfego: ele não está pronto.
why-claim = O claim { $claim } está { $phase }; seu volume é { $volume }.
why-condition = { $type } é { $status }. { $message }
why-leaving = Está sendo removido; seu tempo acaba às { $until }.
step-played = Feito para você.

## islands: files
editor = Texto do arquivo
files-empty = Ainda não há arquivos. As lições e o terminal colocam alguns aqui.
file-saving = Salvando…
file-saved = Salvo
file-apart = { $path } também foi alterado no terminal.
file-theirs = Ficar com o do terminal
file-mine = Ficar com o meu
apply = Aplicar
file-put = Colocar em { $path }
file-put-done = { $path } está no editor
file-not-text = { $path } não é um texto que se possa mostrar.
step-jump = Ir para este passo
step-again = Recomeçar este passo
step-again-words = Você recebe um cluster novo e uma casa nova. Os passos antes de “{ $title }” são feitos para você; o que você criou aqui é descartado.

## pages: the playground
play-title = Espaço livre
play-lead = Um cluster vazio, e nada que você precise fazer. Experimente um exemplo, mude, quebre.
play-examples = Exemplos
play-examples-more = Cada um é um arquivo. Ao experimentar, ele vai para a sua pasta pessoal e é aplicado; o que você mudar lá fica.
play-try = Experimentar
play-images = Imagens
play-images-more = O que este cluster simulado consegue baixar. Qualquer outro nome falha como falharia num registro que não o tem.
play-afresh = Começar com um cluster vazio
play-afresh-title = Jogar este cluster fora?
play-afresh-words = Você recebe um cluster novo e uma pasta pessoal limpa. O que você fez aqui se perde; os links que você compartilhou continuam funcionando.
play-afresh-shared = Você recebe de novo o cluster e os arquivos como foram compartilhados. O que você mudou aqui se perde.
play-afresh-yes = Começar de novo
course-play = Ou só brinque
course-play-more = Um cluster só seu, sem lição, com exemplos para desmontar.
example-pod = Um pod
example-pod-more = A menor coisa que roda: um contêiner com uma página web.
example-sidecar = Dois contêineres, um pod
example-sidecar-more = Um escreve uma página, o outro a serve. Os dois compartilham um volume.
example-web = Um deployment e o seu service
example-web-more = Três cópias de um servidor web atrás de um só endereço. Apague uma e observe.
example-probes = Probes
example-probes-more = Um contêiner ao qual se pergunta se está pronto e se está vivo. Faça-o falhar na própria página dele.
example-settings = Configuração e segredos
example-settings-more = O mesmo contêiner, que recebe de um ConfigMap e de um Secret o que deve dizer.
example-claim = Dados que ficam
example-claim-more = Um claim, um volume feito para ele e um pod que escreve uma linha a cada início.
example-job = Trabalho que termina
example-job-more = Um job que conta até três, quatro vezes, duas de cada vez.
example-wrong-image = Quebrado: a imagem
example-wrong-image-more = Duas letras trocaram de lugar. Leia o que o pod diz disso.
example-crash-loop = Quebrado: sempre termina
example-crash-loop-more = O processo desiste depois de um segundo. Veja como as pausas crescem.
example-too-big = Quebrado: grande demais
example-too-big-more = Ele pede mais do que qualquer nó tem, e por isso nenhum nó o aceita.
image-alpine = Um Linux pequeno, conhecido pelo gerenciador de pacotes.
image-busybox = Um shell e muitas ferramentas pequenas.
image-chatroulette-back = O backend de uma dupla, na porta 3000.
image-chatroulette-front = O frontend de uma dupla, na porta 8080.
image-git-sync = Mantém um diretório igual a um repositório.
image-goproxy = Um proxy TCP na porta 8080.
image-httpd = O servidor web Apache.
image-kuard-amd64 = Uma demonstração com probes, memória e arquivos na página, na porta 8080.
image-mysql = A imitação de um banco de dados: a porta, o log, o diretório.
image-nginx = Um servidor web com uma página de boas-vindas.
image-pause = Segura a rede de um pod e não faz nada.
image-stress = Consome CPU e memória quando se pede.
image-wordpress = A imitação de um blog.

hardship-nodes = Nós
hardship-nodes-more = Cada um tem 2 CPUs e 4 GiB. Acrescente alguns, desligue um e veja para onde vão os pods dele. Isso leva minutos do tempo do cluster, como na vida real: o painel Tempo os encurta.
hardship-add = Acrescentar um nó
hardship-remove = Remover { $node }
hardship-there = Funciona
hardship-slow = Lento
hardship-gone = Desligado
hardship-faults = O que dá errado
hardship-faults-more = Quebre alguma coisa e encontre-a de novo pelo terminal.
hardship-registry = Registros de imagens
hardship-dns = O DNS do cluster
hardship-pod = Pod
hardship-hang = Trava
hardship-leak = Vaza memória

## pages: handing a session on
share-title = Um mundo compartilhado
share-lead = Alguém passou este cluster para você. É uma cópia só sua: nada do que você fizer aqui aparece lá.
page-no-share = Este link não leva a lugar nenhum
page-no-share-more = Os links funcionam por trinta dias. Peça um novo, ou comece com um cluster vazio.
hand-on = Compartilhar
share = Compartilhar por link
share-words = Quem tiver o link recebe uma cópia do cluster e dos seus arquivos como estão agora. O que os seus terminais mostram e as suas respostas ficam aqui. Se houver uma senha de verdade nos seus arquivos, tire-a antes.
share-make = Criar um link
share-making = Criando um link…
share-link = Link
share-until = Funciona até { $day }.
share-not-here = Não há aqui um cluster simulado que possa ser passado adiante.
share-too-large = Este cluster já fez mais do que cabe num link (1 MiB). Salve como arquivo, ou comece de novo e compartilhe mais cedo.
share-too-many = Vinte dos seus links funcionam no momento, e mais não pode haver. O mais antigo termina trinta dias depois de criado. Até lá, salve como arquivo.
share-full = Este servidor já guarda todos os links que pode. Salve como arquivo.
share-not-kept = Não foi possível gravar no disco. O log do servidor diz por quê; tente de novo.
save = Salvar como arquivo
save-failed = Não foi possível criar o arquivo.
bring = Trazer de volta uma sessão salva
bring-more = Um arquivo que você salvou aqui ou em outro Podschool.
bring-busy = Trazendo de volta…
bring-failed = Não foi possível enviar o arquivo. O servidor está no ar?
file-strange = Isto não é um arquivo do Podschool, ou ele se estragou no caminho.
file-newer = Este arquivo foi feito por um Podschool mais novo do que este.
file-too-large = Este arquivo é maior do que uma sessão pode ser (4 MiB compactado, 2 MiB de arquivos, três meses do tempo do cluster).
file-no-lesson = Este arquivo é de uma lição que não se ensina aqui.
file-replace-title = Substituir a sua sessão?
file-replace-words = Você já tem uma sessão aqui. O arquivo toma o lugar dela, com o progresso; o que está aqui agora se perde.
file-replace-yes = Substituir
embed = Pôr esta lição na sua página
embed-words = Copie isto para uma página sua. A lição começa quando alguém clica, roda no cluster simulado, não grava cookie e termina depois de um tempo.
embed-code = HTML para copiar
embed-start = Começar
embed-start-words = Um cluster só seu, por alguns minutos. Nada fica guardado.
embed-starting = Começando…
embed-failed = Não foi possível começar. O servidor está no ar?
embed-onward = Continuar no Podschool
embed-preview = { $target } serve uma página. Dentro de outra página ela não pode ser mostrada aqui.
preview-ports = Portas encaminhadas
