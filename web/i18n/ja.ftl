# 画面のことば(日本語)。
app-name = Podschool

## islands: the bar
theme = 配色
theme-system = 端末の設定に合わせる
theme-light = ライト
theme-dark = ダーク
connection-connecting = 接続しています…
connection-waiting = 接続し直しています…
connection-starting = クラスターを起動しています…
connection-ready = クラスターの準備ができました
connection-unreachable = クラスターから応答がありません
connection-crashed = クラスターが壊れました。下からやり直してください。
connection-ended = このセッションは終了しました
connection-now = 今すぐ試す
connection-reload = 再読み込み
progress = このレッスンのステップ
progress-count = { $done } / { $all }
progress-step =
    { $status ->
        [done] ステップ{ $number }(完了):{ $title }
       *[open] ステップ{ $number }:{ $title }
    }
close = 閉じる
cancel = やめる
notices = お知らせ

## islands: the text
run = 実行
stop = 止める
run-hint = クリックするとターミナルで実行します
run-command = 実行:{ $command }
copy = コピー
copied = コピーしました
typed = ターミナル{ $number }に入力しました
step-done = できました。
step-ticked = できました:{ $title }。{ $cause }
step-lapsed = 一度はできましたが、今は条件を満たしていません。
why = まだ完了しない理由
why-unknown = 足りないものは見つかりません。もう一度見てみましょう。
hint = ヒント
hint-more = 次のヒント
hint-number = ヒント{ $number }
solution = 解答
deeper = もう少し詳しく
solution-show = 解答を見る
answer = 答える
answer-right = 正解です。
answer-wrong = 惜しい。もう一度見てみましょう。
answer-kept = 記録しました。
finish = よくできました
finish-words =
    { $count ->
       *[other] { $count }ステップすべて完了です。クラスターはこのまま残ります。好きなだけ試してみてください。
    }
finish-next = 次のレッスン
finish-course = コースに戻る
restart = このレッスンを最初からやり直す
restart-title = やり直しますか?
restart-words = 新しいクラスターと空のホームから始まります。ここで作ったものは消えます。
restart-yes = やり直す

## islands: the working area
panes = 表示の切り替え
read-on = 続きを読む
pane-text = レッスン
pane-terminal = ターミナル
pane-preview = プレビュー
split-text = レッスン本文の幅
split-terminal = ターミナルの高さ
terminals = ターミナル
terminal = ターミナル{ $number }
terminal-new = 新しいターミナル
terminal-close = ターミナル{ $number }を閉じる
getting-ready = クラスターを準備しています…
shell-ended = シェルが終了しました。
shell-again = 新しく開く
too-much-input = 一度に入力できる量を超えています。何も入力していません。
font-smaller = 文字を小さく
font-larger = 文字を大きく
reader = スクリーンリーダーモード
reader-on = スクリーンリーダーモードをオンにしました。Shift+Tab でターミナルから出られます。
reader-off = スクリーンリーダーモードをオフにしました。
keys = キー
key-up = 上矢印
key-down = 下矢印
search = 検索
search-next = 次の一致
search-previous = 前の一致
preview = プレビュー
preview-of = { $target } のページ
preview-reload = 再読み込み
preview-address = アドレス
preview-out = 新しいタブで開く
preview-open = プレビューを開く
preview-close = プレビューを閉じる
preview-empty = ポートを転送すると、Pod が返すページがここに表示されます。

## islands: the picture
pane-picture = クラスター
picture-open = クラスターを表示
picture-close = 図を閉じる
picture-table = 表で見る
picture-drawing = 図で見る
picture-empty = まだ何もありません。あなたの操作がここに現れます。
picture-unplaced = ノード待ち
column-node = ノード
column-pod = Pod
column-ready = 準備完了
column-status = 状態
column-restarts = 再起動
column-address = アドレス
column-services = Service
room-cpu = CPU { $all } のうち { $used } を要求
room-memory = { $all } のうち { $used } を要求
node-not-ready = ノードの準備ができていません
pod-restarts = 再起動 { $count }回

## pages
page-skip = 本文へ移動
page-language = 言語
page-course-title = 動かしながら学ぶ Pod
page-course-lead = どのレッスンでも、本文の隣に自分だけのクラスターとターミナルが開きます。あなたの操作を見て、ステップが進みます。
page-begin = はじめる:
page-go-on = 続ける:
page-next-lesson = 次はここ
page-minutes = { $minutes }分
page-done =
    { $done ->
        [0] { $steps }ステップ
       *[other] { $steps }ステップ中{ $done }完了
    }
page-next = 次へ:
page-no-script = 本文はスクリプトなしで読めますが、隣のターミナルには必要です。
page-back-to-course = コースに戻る
page-not-found = ここには何もありません
page-not-found-more = このアドレスのページはありません。レッスンはすべてコースのページにあります。
page-too-many = 少々お待ちください
page-too-many-more = お使いのネットワークから多くのセッションが要求されました。1分ほど待ってから、ページを読み込み直してください。
page-full = 満席です
page-full-more = このサーバーで受け入れられる人数に達しています。数分後にもう一度お試しください。
page-no-cluster = クラスターを作れませんでした
page-no-cluster-more = 理由はサーバーのログにあります。ページを読み込み直すと、もう一度試します。
page-only-simulated = このレッスンはシミュレーションのクラスターで動きます。共有のクラスターでは安全に実行できません。
page-real-cluster = 本物のクラスターの、あなた専用の名前空間で作業しています。セッションが終わると削除されます。
page-cluster-away = クラスターから応答がありません。ターミナルはそのまま使えます。接続を試み続けます。
page-cluster-back = クラスターが再び応答しました。
page-cluster-forgot = クラスターが再び応答しましたが、あなたの namespace は失われていました。新しい空の namespace を用意しました。
terminal-again = ── おかえりなさい。同じホームで、新しいシェルです。──
cluster-not-again = ファイルと進み具合は元どおりです。以前のクラスターは復元できなかったため、新しいクラスターです。

## islands: time and details
pane-files = ファイル
pane-time = 時間
pane-close = このペインを閉じる
time-real = 実際のクラスターの時間は変えられません。レーンはその動きを示します。
time-speed = { $factor }×
time-tools = クラスターの時計
time-pause = 一時停止
time-resume = 再開
time-step = ステップ
time-step-more = 何かが変わるまで進み、そのあとは元のとおりに続けます
time-skip = 1分進める
time-empty = まだコンテナーがありません。Podを起動すると、その一生がここに描かれます。
time-lanes = 時間のレーン
lane-words = { $pod }、コンテナー { $container }：{ $state }、再起動 { $restarts } 回
lane-gone = 削除済み
lane-waiting = 待機中
lane-running = 実行中（準備未完了）
lane-ready = 実行中（準備完了）
lane-backoff = バックオフ
lane-ended = 終了
mark-started = 開始
mark-probe = プローブ失敗
mark-killing = 停止
details-back = 戻る
details-why = こうなった理由
details-events = 起きたこと
details-no-events = 記録はありません。
why-placed = スケジューラーが { $at } に { $node } を選びました。
why-unplaced = ノードを待っています。スケジューラー：{ $message }
why-waiting = { $name } は待機中：{ $reason }。{ $message }
why-back-off = { $name } は { $until } に再開します。バックオフは現在 { $seconds } 秒で、失敗するたびに倍になります。
why-ready = { $name } は { $at } から実行中で、準備完了です。
why-not-ready = { $name } は { $at } から実行中ですが、準備未完了です。
why-ended = { $name } は { $at } に終了コード { $code } で終わりました（{ $reason }）。
why-restarts = { $name } の再起動：{ $count } 回。
why-probe = 最後に失敗したプローブ（{ $at }）：{ $message }（{ $count } 回）
why-endpoint = Service { $service } からトラフィックが届きます。
why-no-endpoint = Service { $service } の対象ですが、準備未完了のためトラフィックは届きません。
why-claim = クレーム { $claim } は { $phase }、ボリュームは { $volume } です。
why-condition = { $type } は { $status } です。{ $message }
why-leaving = 削除中です。期限は { $until } です。
step-played = 代わりに実行しました。

## islands: files
editor = ファイルの内容
files-empty = まだファイルがありません。レッスンやターミナルからここに置かれます。
file-saving = 保存中…
file-saved = 保存済み
file-apart = { $path } はターミナルでも変更されました。
file-theirs = ターミナルの内容にする
file-mine = 自分の内容を残す
apply = 適用
file-put = { $path } に入れる
file-put-done = { $path } をエディターで開きました
file-not-text = { $path } は表示できるテキストではありません。
step-jump = このステップへ移動
step-again = このステップをやり直す
step-again-words = 新しいクラスターと新しいホームになります。「{ $title }」より前のステップは代わりに実行され、ここで作ったものは捨てられます。

## pages: the playground
play-title = プレイグラウンド
play-lead = 空のクラスターです。しなければならないことはありません。例を試し、変え、壊してみてください。
play-examples = 例
play-examples-more = どれも一つのファイルです。試すとホームに置かれて適用されます。そこで加えた変更は残ります。
play-try = 試す
play-images = イメージ
play-images-more = このシミュレーションのクラスターがプルできるものです。ほかの名前は、レジストリにないときと同じように失敗します。
play-afresh = 空のクラスターから始める
play-afresh-title = このクラスターを捨てますか？
play-afresh-words = 新しいクラスターとまっさらなホームになります。ここで作ったものは消えますが、共有したリンクはそのまま使えます。
play-afresh-shared = クラスターとファイルが共有されたときの状態に戻ります。ここで変えたものは消えます。
play-afresh-yes = 始めからやり直す
course-play = 自由に遊ぶ
course-play-more = レッスンのない自分だけのクラスターです。分解して遊べる例があります。
example-pod = Pod 一つ
example-pod-more = 動くものの最小単位。ウェブページを出すコンテナ一つです。
example-sidecar = 一つの Pod にコンテナ二つ
example-sidecar-more = 一方がページを書き、もう一方が配信します。ボリュームを共有しています。
example-web = Deployment と Service
example-web-more = 一つのアドレスの後ろにウェブサーバーが三つ。一つ消して、見ていてください。
example-probes = プローブ
example-probes-more = 準備ができたか、生きているかを尋ねられるコンテナです。自身のページから失敗させられます。
example-settings = 設定とシークレット
example-settings-more = 同じコンテナに、何を言うかを ConfigMap と Secret が伝えます。
example-claim = 残るデータ
example-claim-more = 要求と、そのために作られるボリューム、そして起動のたびに一行書く Pod です。
example-job = 終わる仕事
example-job-more = 三まで数える Job。四回、二つずつ動きます。
example-wrong-image = 壊れた例：イメージ
example-wrong-image-more = 二文字が入れ替わっています。Pod が何と言うか読んでみてください。
example-crash-loop = 壊れた例：必ず終わる
example-crash-loop-more = プロセスは一秒であきらめます。待ち時間が延びていく様子を見てください。
example-too-big = 壊れた例：大きすぎる
example-too-big-more = どのノードにもないほどの量を求めるので、どのノードも引き受けません。
image-alpine = パッケージマネージャーで知られる小さな Linux。
image-busybox = シェルと多くの小さな道具。
image-chatroulette-back = 二つ組のバックエンド。ポート 3000。
image-chatroulette-front = 二つ組のフロントエンド。ポート 8080。
image-git-sync = ディレクトリをリポジトリと同じに保ちます。
image-goproxy = ポート 8080 の TCP プロキシ。
image-httpd = Apache ウェブサーバー。
image-kuard-amd64 = プローブ、メモリ、ファイルをページで見せるデモ。ポート 8080。
image-mysql = データベースに似せたもの。ポート、ログ、ディレクトリがあります。
image-nginx = ウェルカムページを出すウェブサーバー。
image-pause = Pod のネットワークを保つだけのもの。
image-stress = 求めに応じて CPU とメモリを使います。
image-wordpress = ブログに似せたもの。

hardship-nodes = ノード
hardship-nodes-more = どれも 2 CPU と 4 GiB です。増やしたり、一つ切ったりして、Pod がどこへ行くか見てください。現実と同じくクラスターの時間で数分かかります。「時間」の区画で短くできます。
hardship-add = ノードを加える
hardship-remove = { $node } を取り除く
hardship-there = 正常
hardship-slow = 遅い
hardship-gone = 停止
hardship-faults = うまくいかないこと
hardship-faults-more = 何かを壊して、ターミナルから見つけ出してください。
hardship-registry = イメージのレジストリ
hardship-dns = クラスターの DNS
hardship-pod = Pod
hardship-hang = 固まる
hardship-leak = メモリが漏れる

## pages: handing a session on
share-title = 共有された世界
share-lead = だれかがこのクラスターを渡してくれました。これはあなただけの写しです。ここでしたことは向こうには見えません。
page-no-share = このリンクの先には何もありません
page-no-share-more = リンクが使えるのは三十日間です。新しいリンクを頼むか、空のクラスターから始めてください。
hand-on = 共有
share = リンクで共有
share-words = リンクを知っている人は、いまのクラスターとファイルの写しを受け取ります。ターミナルの表示と回答は渡りません。ファイルに本物のパスワードがあれば、先に取り除いてください。
share-make = リンクを作る
share-making = リンクを作っています…
share-link = リンク
share-until = { $day } まで使えます。
share-not-here = 渡せるシミュレーションのクラスターがここにはありません。
share-too-large = このクラスターの出来事はリンクで運べる量（1 MiB）を超えています。ファイルに保存するか、始めからやり直して早めに共有してください。
share-too-many = いま使えるあなたのリンクは二十あり、これ以上は作れません。いちばん古いものは作ってから三十日で終わります。それまではファイルに保存してください。
share-full = このサーバーが持てるリンクの数に達しています。代わりにファイルに保存してください。
share-not-kept = ディスクに書けませんでした。理由はサーバーのログにあります。もう一度試してください。
save = ファイルに保存
save-failed = ファイルを作れませんでした。
bring = 保存したセッションを戻す
bring-more = ここ、またはほかの Podschool で保存したファイル。
bring-busy = 戻しています…
bring-failed = ファイルを送れませんでした。サーバーは動いていますか？
file-strange = Podschool のファイルではないか、途中で壊れています。
file-newer = このファイルは、ここより新しい Podschool で作られています。
file-too-large = このファイルはセッションの上限を超えています（圧縮して 4 MiB、ファイル 2 MiB、クラスターの時間で三か月）。
file-no-lesson = このファイルのレッスンはここにはありません。
file-replace-title = セッションを置き換えますか？
file-replace-words = ここにはすでにあなたのセッションがあります。ファイルが進み具合ごと取って代わり、いまあるものは消えます。
file-replace-yes = 置き換える
embed = このレッスンを自分のページに置く
embed-words = これを自分のページに貼り付けてください。クリックで始まり、シミュレーションのクラスターで動き、クッキーを使わず、しばらくすると終わります。
embed-code = コピーする HTML
embed-start = 始める
embed-start-words = 数分間だけの、あなたのクラスターです。何も残りません。
embed-starting = 始めています…
embed-failed = 始められませんでした。サーバーは動いていますか？
embed-onward = Podschool で続ける
embed-preview = { $target } がページを出しています。ほかのページの中では、ここに表示できません。
preview-ports = 転送中のポート
