//! nginx and httpd: how they start, what they say, what their configuration does. Words as nginx 1.22 and 1.29 have them.

mod world;

use std::cell::RefCell;
use std::rc::Rc;

use machine::cri::{ContainerConfig, ContainerId, ContainerState};
use machine::http::{Request, Response, fetch};
use machine::time::Duration;
use world::World;

fn image(world: &World, image: &str, script: &str) -> ContainerConfig {
    let command = ["sh", "-c", script].map(Into::into).into();
    ContainerConfig {
        image: image.into(),
        memory_limit: Some(256 << 20),
        command: if script.is_empty() {
            Vec::new()
        } else {
            command
        },
        ..world.config()
    }
}

/// Runs nginx with this site. It is there when this returns.
fn serving(site: &str) -> (World, ContainerId) {
    let world = World::new();
    let script = format!(
        "cat > /etc/nginx/conf.d/default.conf <<'END'\n{site}\nEND\nexec nginx -g 'daemon off;'"
    );
    let id = world.start_config(image(&world, "nginx", &script));
    world.run(Duration::from_secs(1));
    (world, id)
}

fn call(world: &World, port: u16, request: Request) -> Response {
    let answer = Rc::new(RefCell::new(None));
    let slot = answer.clone();
    let network = world.kernel.network();
    let dial = network.dial([10, 244, 0, 1].into(), ([10, 244, 0, 5], port).into());
    let task = world.executor.spawn(async move {
        let socket = dial.await.expect("nobody listens");
        *slot.borrow_mut() = Some(fetch(socket, &request).await.expect("no answer"));
    });
    world.run(Duration::from_secs(5));
    drop(task);
    answer.take().expect("no answer in five seconds")
}

fn get(world: &World, target: &str) -> (u16, String) {
    let answer = call(world, 80, Request::get(target, "pod"));
    (answer.code, String::from_utf8(answer.body).unwrap())
}

/// The log without the times, and without the numbers of processes.
fn said(world: &World, id: &ContainerId) -> Vec<String> {
    let time = regex::Regex::new(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ").unwrap();
    let process = regex::Regex::new(r"\d+#\d+: ").unwrap();
    let logs = world.logs(id);
    let lines = logs.lines().map(|line| time.replace(line, "").into_owned());
    lines
        .map(|line| process.replace(&line, "").into_owned())
        .collect()
}

#[test]
fn it_starts_and_ends_as_the_image_does() {
    let world = World::new();
    let id = world.start_config(image(&world, "nginx:1.29", ""));
    world.run(Duration::from_secs(1));
    assert_eq!(get(&world, "/none").0, 404);
    world.stop(&id, Duration::from_secs(30));
    let said = said(&world, &id);
    let scripts = "/docker-entrypoint.d";
    assert_eq!(
        said[..10],
        [
            &format!(
                "/docker-entrypoint.sh: {scripts}/ is not empty, will attempt to perform configuration"
            ),
            &format!("/docker-entrypoint.sh: Looking for shell scripts in {scripts}/"),
            &format!("/docker-entrypoint.sh: Launching {scripts}/10-listen-on-ipv6-by-default.sh"),
            "10-listen-on-ipv6-by-default.sh: info: Getting the checksum of /etc/nginx/conf.d/default.conf",
            "10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6 in /etc/nginx/conf.d/default.conf",
            &format!("/docker-entrypoint.sh: Sourcing {scripts}/15-local-resolvers.envsh"),
            &format!("/docker-entrypoint.sh: Launching {scripts}/20-envsubst-on-templates.sh"),
            &format!("/docker-entrypoint.sh: Launching {scripts}/30-tune-worker-processes.sh"),
            "/docker-entrypoint.sh: Configuration complete; ready for start up",
            "[notice] using the \"epoll\" event method",
        ]
    );
    let rest: Vec<&str> = said[10..].iter().map(String::as_str).collect();
    assert!(rest[0] == "[notice] nginx/1.29.3" && rest[1].starts_with("[notice] built by gcc"));
    let failed = "[error] *1 open() \"/usr/share/nginx/html/none\" failed (2: No such file or directory), client: 10.244.0.1, server: localhost, request: \"GET /none HTTP/1.1\", host: \"pod\"";
    assert!(rest.contains(&failed), "{rest:?}");
    let end = rest
        .iter()
        .position(|line| line.contains("SIGQUIT"))
        .unwrap();
    assert_eq!(
        rest[end],
        "[notice] signal 3 (SIGQUIT) received, shutting down"
    );
    for line in ["gracefully shutting down", "exiting", "exit"] {
        let line = format!("[notice] {line}");
        assert_eq!(
            rest[end..].iter().filter(|l| **l == line).count(),
            if line.ends_with("exit") { 3 } else { 2 }
        );
    }
    assert_eq!(world.status(&id).exit_code, 0);
}

#[test]
fn an_old_image_says_nothing_and_is_stopped_by_term() {
    let world = World::new();
    let id = world.start_config(image(&world, "nginx:1.14.2", ""));
    world.run(Duration::from_secs(1));
    assert_eq!(get(&world, "/").0, 200);
    assert_eq!(said(&world, &id).len(), 1, "{}", world.logs(&id));
    world.stop(&id, Duration::from_secs(30));
    assert_eq!(world.status(&id).exit_code, 0);
}

#[test]
fn locations_are_chosen_and_obeyed() {
    let site = r#"server {
        listen 80;
        server_name localhost;
        root /usr/share/nginx/html;
        location = /exact { return 200 "exact\n"; }
        location /exact { return 200 "prefix"; }
        location /text { default_type text/plain; return 200 "to $remote_addr for $host$uri?$args\n"; }
        location /moved { return 301 https://example.com$request_uri; }
        location ~ ^/re/(\d+)$ { return 200 "number $1"; }
        location ~* \.PNG$ { return 200 picture; }
        location ^~ /first/ { return 200 first; }
        location /old/ { rewrite ^/old/(.*)$ /text/$1 last; }
        location /gone { rewrite ^ /new permanent; }
        location /spa { try_files $uri $uri/ /index.html; }
        location /strict { try_files $uri =404; }
        location /teapot { error_page 404 =200 /index.html; }
        location /files/ { alias /usr/share/nginx/html/; autoindex on; index none; }
        location /closed { deny all; }
        location /status { stub_status; }
        location /empty { return 204; }
        location /head { add_header X-Lesson "a b"; return 200 ok; }
        location /outer { location /outer/inner { return 200 inner; } return 200 outer; }
        location /big { client_max_body_size 4; return 200 small; }
        set $who you;
        location /set { return 200 "$who $http_x_name"; }
    }"#;
    let (world, id) = serving(site);
    for (target, code, body) in [
        ("/", 200, "Welcome to nginx!"),
        ("/exact", 200, "exact\n"),
        ("/exactly", 200, "prefix"),
        ("/text?a=1", 200, "to 10.244.0.1 for pod/text?a=1\n"),
        ("/moved", 301, "301 Moved Permanently"),
        ("/re/42", 200, "number 42"),
        ("/re/x", 404, "404 Not Found"),
        ("/a.png", 200, "picture"),
        ("/first/a.png", 200, "first"),
        ("/old/x?b", 200, "for pod/text/x?b"),
        ("/gone", 301, ""),
        ("/spa/deep", 200, "Welcome"),
        ("/strict", 404, ""),
        ("/teapot", 200, "Welcome"),
        ("/files/", 200, "<a href=\"index.html\">index.html</a>"),
        ("/closed", 403, "403 Forbidden"),
        ("/status", 200, "server accepts handled requests\n"),
        ("/empty", 204, ""),
        ("/outer/inner", 200, "inner"),
        ("/outer/x", 200, "outer"),
        ("/set", 200, "you "),
        ("/../etc/passwd", 400, "400 Bad Request"),
        ("//exact", 200, "exact\n"),
        ("/%2e/exact", 200, "exact\n"),
    ] {
        let (got, page) = get(&world, target);
        assert!(
            got == code && page.contains(body),
            "{target}: {got} {page}\n{}",
            world.logs(&id)
        );
    }
    let post = |target: &str| Request {
        method: "POST".into(),
        body: b"12345".to_vec(),
        ..Request::get(target, "pod")
    };
    assert_eq!(call(&world, 80, post("/")).code, 405);
    let head = call(&world, 80, Request::get("/head", "pod"));
    assert_eq!(head.header("x-lesson"), Some("a b"));
    let names: Vec<&str> = head.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Server",
            "Date",
            "Content-Type",
            "Content-Length",
            "Connection",
            "X-Lesson"
        ]
    );
    let moved = call(&world, 80, Request::get("/moved?q", "pod"));
    assert_eq!(
        moved.header("location"),
        Some("https://example.com/moved?q")
    );
    let page = call(&world, 80, Request::get("/", "pod"));
    let mut again = Request::get("/", "pod");
    let tag = page.header("etag").unwrap().to_owned();
    again.headers.push(("If-None-Match".into(), tag));
    assert_eq!(call(&world, 80, again).code, 304);
}

#[test]
fn what_is_wrong_is_told_in_its_words() {
    let at = " in /etc/nginx/conf.d/default.conf";
    for (site, error) in [
        (
            "server { foo bar; }",
            format!("unknown directive \"foo\"{at}:1"),
        ),
        (
            "server {\n  listen 80\n  root /a;\n}",
            format!("invalid parameter \"root\"{at}:3"),
        ),
        ("server { root /a }", format!("unexpected \"}}\"{at}:1")),
        (
            "server { root /a;",
            format!("unexpected end of file, expecting \"}}\"{at}:2"),
        ),
        ("server { root /a; } }", format!("unexpected \"}}\"{at}:1")),
        (
            "server { listen 99999; }",
            format!("invalid port in \"99999\" of the \"listen\" directive{at}:1"),
        ),
        (
            "listen 80;",
            format!("\"listen\" directive is not allowed here{at}:1"),
        ),
        (
            "server { root /a; root /b; }",
            format!("\"root\" directive is duplicate{at}:1"),
        ),
        (
            "server { location / { proxy_pass http://nobody; } }",
            format!("host not found in upstream \"nobody\"{at}:1"),
        ),
        (
            "server { location / { proxy_pass nobody; } }",
            format!("invalid URL prefix{at}:1"),
        ),
        (
            "upstream b { }",
            format!("no servers are inside upstream{at}:1"),
        ),
        (
            "server { location /a {} location /a {} }",
            format!("duplicate location \"/a\"{at}:1"),
        ),
        (
            "server { include /nosuch.conf; }",
            format!("open() \"/nosuch.conf\" failed (2: No such file or directory){at}:1"),
        ),
        (
            "server { return abc; }",
            format!("invalid return code \"abc\"{at}:1"),
        ),
        (
            "server { autoindex yes; }",
            format!(
                "invalid value \"yes\" in \"autoindex\" directive, it must be \"on\" or \"off\"{at}:1"
            ),
        ),
        (
            "server { return 200 \"$nosuch\"; }",
            "unknown \"nosuch\" variable".into(),
        ),
        (
            "server { return 200 \"abc; }",
            format!("unexpected end of file, expecting \";\" or \"}}\"{at}:2"),
        ),
        (
            "server;",
            format!("directive \"server\" has no opening \"{{\"{at}:1"),
        ),
        (
            "server { location ! /a { } }",
            format!("invalid location modifier \"!\"{at}:1"),
        ),
        (
            "server { access_log /dev/stdout nofmt; }",
            format!("unknown log format \"nofmt\"{at}:1"),
        ),
        (
            "server { listen 443 ssl; }",
            format!("the \"ssl\" parameter requires ngx_http_ssl_module{at}:1"),
        ),
    ] {
        let (world, id) = serving(site);
        // nobody answers for names here
        world.run(Duration::from_secs(30));
        let status = world.status(&id);
        assert_eq!(
            (status.state, status.exit_code),
            (ContainerState::Exited, 1),
            "{site}"
        );
        let both = [
            format!("[emerg] {error}"),
            format!("nginx: [emerg] {error}"),
        ];
        assert_eq!(said(&world, &id), both, "{site}");
    }
}

#[test]
fn requests_are_passed_on() {
    let site = r#"
    upstream pool { server 127.0.0.1:81; server 127.0.0.1:82; }
    upstream dead { server 127.0.0.1:83; server 127.0.0.1:84; }
    server { listen 81; location / { add_header X-By 81; return 200 "$request $host $http_x_real_ip\n"; } }
    server {
        listen 80;
        location /api/ { proxy_pass http://127.0.0.1:81/v1/; proxy_set_header X-Real-IP $remote_addr; proxy_set_header Host $host; }
        location /pool { proxy_pass http://pool; }
        location /dead { proxy_pass http://dead; }
        location /by-name { set $to nosuch; proxy_pass http://$to; }
    }"#;
    let (world, id) = serving(site);
    assert_eq!(
        get(&world, "/api/a?b"),
        (200, "GET /v1/a?b HTTP/1.0 pod 10.244.0.1\n".into())
    );
    for _ in 0..3 {
        assert_eq!(get(&world, "/pool").0, 200, "one of two is enough");
    }
    assert_eq!(get(&world, "/dead").0, 502);
    assert_eq!(get(&world, "/by-name").0, 502);
    let said = said(&world, &id).join("\n");
    for line in [
        "connect() failed (111: Connection refused) while connecting to upstream, client: 10.244.0.1, server: , request: \"GET /dead HTTP/1.1\", upstream: \"http://127.0.0.1:83/dead\", host: \"pod\"",
        "upstream server temporarily disabled while connecting to upstream",
        "no resolver defined to resolve nosuch",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert_eq!(
        said.matches("http://127.0.0.1:82/pool").count(),
        2,
        "left out after it failed\n{said}"
    );
}

#[test]
fn it_takes_a_new_configuration_and_minds_its_workers() {
    let world = World::new();
    let script = "nginx -g 'daemon off;' & sleep 1
        ps | grep 'nginx: [mw]' | awk '{$1=\"\"; print}'
        echo 'server { return 200 new; }' > /etc/nginx/conf.d/default.conf; nginx -t; nginx -s reload; sleep 1
        wget -qO- localhost; echo
        echo 'server { x; }' > /etc/nginx/conf.d/default.conf; nginx -s reload; sleep 1
        wget -qO- localhost; echo
        kill -9 $(ps | grep 'nginx: [w]' | awk 'NR==1 {print $1}'); sleep 1; ps | grep -c 'nginx: [w]'
        nginx -s nosuch; echo server { > /etc/nginx/conf.d/default.conf; nginx -t; echo code $?
        echo > /etc/nginx/conf.d/default.conf; nginx -s quit; wait; nginx -s quit; sleep 3";
    let id = world.start_config(image(&world, "nginx", script));
    world.run(Duration::from_secs(12));
    let said = said(&world, &id).join("\n");
    for part in [
        " root 0:00 nginx: master process nginx -g daemon off;\n nginx 0:00 nginx: worker process\n nginx 0:00 nginx: worker process\n",
        "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n",
        "reconfiguring\n",
        "new\n",
        "[emerg] unknown directive \"x\" in /etc/nginx/conf.d/default.conf:1\n",
        "exited on signal 9\n",
        "nginx: invalid option: \"-s nosuch\"\n",
        "nginx: configuration file /etc/nginx/nginx.conf test failed\ncode 1\n",
        "shutting down\n",
        "open() \"/run/nginx.pid\" failed (2: No such file or directory)",
    ] {
        assert!(said.contains(part), "{part}\n---\n{said}");
    }
    assert!(
        said.contains("\n2\n"),
        "a new worker takes the place of the one that was killed\n{said}"
    );
}

#[test]
fn what_it_may_not_write_ends_it() {
    let world = World::new();
    let id = world.start_config(ContainerConfig {
        user: Some(1000),
        ..image(&world, "nginx", "")
    });
    world.run(Duration::from_secs(1));
    let said = said(&world, &id).join("\n");
    for part in [
        "info: can not modify /etc/nginx/conf.d/default.conf (read-only file system?)\n",
        "\n[warn] the \"user\" directive makes sense only if the master process runs with super-user privileges, ignored in /etc/nginx/nginx.conf:2\n",
        "nginx: [emerg] mkdir() \"/var/cache/nginx/client_temp\" failed (13: Permission denied)",
    ] {
        assert!(said.contains(part), "{part}\n---\n{said}");
    }
    assert_eq!(world.status(&id).exit_code, 1);
}

#[test]
fn two_cannot_have_one_port() {
    let world = World::new();
    world.start_config(image(&world, "nginx", ""));
    world.run(Duration::from_secs(1));
    let second = ContainerConfig {
        name: "second".into(),
        ..image(&world, "nginx", "exec nginx -g 'daemon off;'")
    };
    let id = world.start_config(second);
    world.run(Duration::from_secs(5));
    let said = said(&world, &id);
    let bind = "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)";
    assert_eq!(
        said.iter().filter(|line| *line == bind).count(),
        5,
        "{said:?}"
    );
    assert_eq!(
        said.last().unwrap(),
        "nginx: [emerg] still could not bind()"
    );
    assert_eq!(world.status(&id).exit_code, 1);
}

#[test]
fn in_the_background_it_leaves_its_container() {
    let world = World::new();
    let id = world.start_config(image(&world, "nginx", "exec nginx"));
    world.run(Duration::from_secs(1));
    let status = world.status(&id);
    assert_eq!(
        (status.state, status.exit_code),
        (ContainerState::Exited, 0)
    );
}

#[test]
fn templates_are_filled_from_the_environment() {
    let world = World::new();
    let script = "mkdir /etc/nginx/templates
        echo 'server { return 200 \"$GREETING ${GREETING}, $host\"; }' > /etc/nginx/templates/default.conf.template
        GREETING=hi exec /docker-entrypoint.sh nginx -g 'daemon off;'";
    let id = world.start_config(image(&world, "nginx", script));
    world.run(Duration::from_secs(1));
    assert_eq!(
        get(&world, "/"),
        (200, "hi hi, pod".into()),
        "{}",
        world.logs(&id)
    );
}

#[test]
fn httpd_serves_and_says_what_apache_says() {
    let world = World::new();
    let id = world.start_config(image(&world, "httpd", ""));
    world.run(Duration::from_secs(1));
    assert!(get(&world, "/").1.contains("It works!"));
    assert!(
        get(&world, "/none")
            .1
            .contains("<p>The requested URL was not found on this server.</p>")
    );
    world.stop(&id, Duration::from_secs(30));
    let logs = world.logs(&id);
    for part in [
        "AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using 10.244.0.5.",
        "[mpm_event:notice] [pid 1:tid 1] AH00489: Apache/2.4.65 (Unix) configured -- resuming normal operations\n",
        "[core:notice] [pid 1:tid 1] AH00094: Command line: 'httpd -D FOREGROUND'\n",
        "\"GET / HTTP/1.1\" 200 45\n",
        "AH00492: caught SIGWINCH, shutting down gracefully\n",
    ] {
        assert!(logs.contains(part), "{part}\n---\n{logs}");
    }
    assert_eq!(world.status(&id).exit_code, 0);
}

#[test]
fn a_configuration_that_turns_on_itself_costs_one_request() {
    let doubled = "set $a \"$a$a\";".repeat(64);
    let site = format!(
        "server {{ listen 80; root $request_filename; location /twice {{ set $a abc; {doubled} return 200 $a; }}
          location /to {{ proxy_pass http://$proxy_host; }} location /well {{ return 200 fine; }}
          location /loop {{ proxy_pass http://127.0.0.1; }} }}"
    );
    let (world, id) = serving(&site);
    let codes = ["/twice", "/file", "/to/", "/well"].map(|target| get(&world, target).0);
    assert_eq!(codes, [500, 500, 500, 200]);
    assert_eq!(get(&world, "/loop").0, 500);
    let said = said(&world, &id).join("\n");
    let failed = "malloc() failed (12: Cannot allocate memory), client: ";
    assert_eq!(said.matches(failed).count(), 3, "{said}");
    let full =
        "1024 worker_connections are not enough while connecting to upstream, client: 127.0.0.1";
    assert_eq!(said.matches(full).count(), 1, "{said}");
}

#[test]
fn a_file_that_includes_itself_is_refused() {
    let (world, id) = serving("include /etc/nginx/conf.d/*.conf;");
    assert_eq!(world.status(&id).exit_code, 1);
    let last = "[emerg] open() \"/etc/nginx/conf.d/default.conf\" failed (24: Too many open files) in /etc/nginx/conf.d/default.conf:1";
    assert_eq!(said(&world, &id)[0], last);
}
