//! The learner's computer: a login shell on a terminal, foreign programs, hangup, files.

use std::cell::RefCell;
use std::rc::Rc;

use machine::computer::ComputerConfig;
use machine::sys::Spawn;
use machine::{Chance, Computer, Duration, Executor, Kernel, Signal, Stdio, Time};

struct Desk {
    executor: Executor,
    computer: Computer,
}

impl Desk {
    fn new() -> Desk {
        let executor = Executor::new(Time::from_seconds(1_800_000_000));
        let kernel = Kernel::new(executor.clone(), Chance::new(1));
        let config = ComputerConfig {
            hostname: "podschool".into(),
            user: "learner".into(),
            home: "/home/learner".into(),
            env: vec![("KUBECONFIG".into(), "/home/learner/.kube/config".into())],
            cpus: 2,
            memory: 1 << 30,
        };
        let computer = Computer::new(&kernel, config);
        Desk { executor, computer }
    }

    fn run(&self, millis: u64) {
        let end = self.executor.now() + Duration::from_millis(millis);
        assert!(self.executor.run_until(end, &mut 1_000_000));
    }

    fn type_in(&self, terminal: &Stdio, keys: &str) -> String {
        assert!(
            terminal
                .stdin
                .as_ref()
                .unwrap()
                .try_write(keys.as_bytes())
                .unwrap()
                .is_ok()
        );
        self.run(200);
        match terminal.stdout.try_read(100_000) {
            Some(bytes) => String::from_utf8(bytes.unwrap()).unwrap(),
            None => String::new(),
        }
    }
}

#[test]
fn a_login_shell_knows_its_home_and_user() {
    let desk = Desk::new();
    let terminal = desk.computer.open_terminal(80, 24).unwrap();
    desk.run(200);
    let screen = desk.type_in(
        &terminal,
        "echo $HOME-$USER-$KUBECONFIG; pwd; echo hi > note\r",
    );
    assert!(
        screen.contains("/home/learner-learner-/home/learner/.kube/config\r\n/home/learner\r\n"),
        "{screen:?}"
    );
    let note = desk.computer.files().stat("/home/learner/note").unwrap();
    assert_eq!((note.uid, note.size), (1000, 3));
    let screen = desk.type_in(&terminal, "echo no > /etc/passwd\r");
    assert!(screen.contains("Permission denied"), "{screen:?}");
    desk.type_in(&terminal, "exit 3\r");
    assert_eq!(terminal.exit.status().map(|s| s.code()), Some(3));
}

#[test]
fn a_foreign_program_gets_signals_and_hangups_like_any_other() {
    let desk = Desk::new();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = seen.clone();
    desk.computer.add_foreign(
        "kubectl",
        Rc::new(move |sys| {
            let log = log.clone();
            Box::pin(async move {
                log.borrow_mut().push(sys.args().join(" "));
                sys.print("watching\n").await;
                let _ = sys.sleep(Duration::from_secs(3600)).await;
                0
            })
        }),
    );
    let terminal = desk.computer.open_terminal(80, 24).unwrap();
    desk.run(200);
    let screen = desk.type_in(&terminal, "kubectl get pods -w\r");
    assert!(screen.contains("watching\r\n"), "{screen:?}");
    let screen = desk.type_in(&terminal, "\x03");
    assert!(screen.contains("^C"), "{screen:?}");
    let screen = desk.type_in(&terminal, "echo code $?\r");
    assert!(screen.contains("code 130"), "{screen:?}");
    desk.type_in(&terminal, "kubectl logs -f x\r");
    assert_eq!(*seen.borrow(), ["kubectl get pods -w", "kubectl logs -f x"]);
    let exit = terminal.exit.clone();
    drop(terminal);
    desk.run(500);
    assert_eq!(
        exit.status().map(|s| s.code()),
        Some(128 + Signal::Hup.number())
    );
    let (_, left) = desk
        .computer
        .spawn(Spawn::new([
            "sh",
            "-c",
            "for p in /proc/[0-9]*; do read c < $p/comm; echo $c; done",
        ]))
        .unwrap();
    desk.run(200);
    let names = String::from_utf8(left.stdout.try_read(1000).unwrap().unwrap()).unwrap();
    assert!(!names.contains("kubectl"), "{names}");
}

#[test]
fn a_computer_at_rest_does_nothing() {
    let desk = Desk::new();
    let terminal = desk.computer.open_terminal(80, 24).unwrap();
    desk.run(1000);
    let polls = desk.executor.polls();
    desk.run(3_600_000);
    assert_eq!(
        (desk.executor.polls(), desk.executor.next_timer()),
        (polls, None)
    );
    assert!(terminal.exit.status().is_none());
}
