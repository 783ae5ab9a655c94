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
