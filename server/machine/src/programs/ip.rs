//! `ip addr|link|route`, `ifconfig`, `route`, `netstat`: the network as the machine has it; nothing can be changed. Mirrors busybox.

use super::options::complain;
use crate::sys::{Interface, Sys};
use core::net::{IpAddr, Ipv4Addr};

fn mac(interface: &Interface, upper: bool) -> String {
    let parts: Vec<String> = interface
        .mac
        .iter()
        .map(|byte| {
            if upper {
                format!("{byte:02X}")
            } else {
                format!("{byte:02x}")
            }
        })
        .collect();
    parts.join(":")
}

fn network(ip: Ipv4Addr, length: u8) -> (Ipv4Addr, Ipv4Addr, Ipv4Addr) {
    let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
    let bits = u32::from(ip);
    (
        Ipv4Addr::from(bits & mask),
        Ipv4Addr::from(mask),
        Ipv4Addr::from(bits | !mask),
    )
}

/// The pod's own network and its first address, where the default route goes.
fn lan(sys: &Sys) -> Option<(String, Ipv4Addr, u8, Ipv4Addr, Ipv4Addr)> {
    let all = sys.interfaces();
    let outer = all.iter().find(|interface| interface.name != "lo")?;
    outer.addresses.iter().find_map(|(ip, length)| match ip {
        IpAddr::V4(ip) => {
            let (base, _, _) = network(*ip, *length);
            Some((
                outer.name.clone(),
                base,
                *length,
                Ipv4Addr::from(u32::from(base) + 1),
                *ip,
            ))
        }
        IpAddr::V6(_) => None,
    })
}

/// `ip [-o|-4|-6] addr|link|route|neigh [show] [dev NAME]`
pub async fn ip(sys: Sys) -> i32 {
    let args = sys.args();
    let words: Vec<&str> = args
        .iter()
        .skip(1)
        .map(String::as_str)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let brief = args.iter().any(|word| word == "-o");
    let object = words.first().copied().unwrap_or("");
    let action = words.get(1).copied().unwrap_or("show");
    if !matches!(action, "show" | "list" | "ls" | "s" | "get")
        && !object.is_empty()
        && !matches!(action, "dev" | "lo" | "eth0")
    {
        complain(&sys, "RTNETLINK answers: Operation not permitted").await;
        return 2;
    }
    let only = words.last().copied().filter(|word| {
        sys.interfaces()
            .iter()
            .any(|interface| interface.name == *word)
    });
    let out = match object {
        "a" | "ad" | "add" | "addr" | "address" => addresses(&sys, only, true, brief),
        "l" | "li" | "link" => addresses(&sys, only, false, brief),
        "r" | "ro" | "route" => routes(&sys),
        "n" | "neigh" | "neighbour" => String::new(),
        _ => {
            super::options::show_usage(&sys, "[OPTIONS] address|route|link|neigh [ARGS]").await;
            return 1;
        }
    };
    sys.print(out).await;
    0
}

fn addresses(sys: &Sys, only: Option<&str>, with_addresses: bool, brief: bool) -> String {
    let mut out = String::new();
    for (index, interface) in sys.interfaces().iter().enumerate() {
        if only.is_some_and(|only| only != interface.name) {
            continue;
        }
        let lo = interface.name == "lo";
        let (flags, queue, link, broadcast) = if lo {
            (
                "LOOPBACK,UP,LOWER_UP",
                "noqueue qlen 1000",
                "loopback",
                "00:00:00:00:00:00",
            )
        } else {
            (
                "BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN",
                "noqueue",
                "ether",
                "ff:ff:ff:ff:ff:ff",
            )
        };
        let name = if lo {
            interface.name.clone()
        } else {
            format!("{}@if7", interface.name)
        };
        let number = index + 1;
        let head = format!(
            "{number}: {name}: <{flags}> mtu {} qdisc {queue} \n    link/{link} {} brd {broadcast}\n",
            interface.mtu,
            mac(interface, false)
        );
        if !brief {
            out.push_str(&head);
        }
        if !with_addresses {
            continue;
        }
        for (ip, length) in &interface.addresses {
            let line = match ip {
                IpAddr::V4(v4) if lo => format!(
                    "inet {v4}/{length} scope host lo\n       valid_lft forever preferred_lft forever\n"
                ),
                IpAddr::V4(v4) => format!(
                    "inet {v4}/{length} brd {} scope global {}\n       valid_lft forever preferred_lft forever\n",
                    network(*v4, *length).2,
                    interface.name
                ),
                IpAddr::V6(v6) => format!(
                    "inet6 {v6}/{length} scope global \n       valid_lft forever preferred_lft forever\n"
                ),
            };
            if brief {
                out.push_str(&format!(
                    "{number}: {}    {}\n",
                    interface.name,
                    line.lines().next().unwrap_or("")
                ));
            } else {
                out.push_str(&format!("    {line}"));
            }
        }
    }
    out
}

fn routes(sys: &Sys) -> String {
    lan(sys).map_or_else(String::new, |(name, base, length, gateway, own)| {
        format!(
            "default via {gateway} dev {name} \n{base}/{length} dev {name} scope link  src {own} \n"
        )
    })
}

/// `route [-n]`
pub async fn route(sys: Sys) -> i32 {
    let mut out = "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n".to_owned();
    if let Some((name, base, length, gateway, _)) = lan(&sys) {
        let default = if sys.args().iter().any(|word| word == "-n") {
            "0.0.0.0"
        } else {
            "default"
        };
        let any = if default == "default" { "*" } else { "0.0.0.0" };
        let mask = network(base, length).1;
        out.push_str(&format!(
            "{default:<15} {:<15} 0.0.0.0         UG    0      0        0 {name}\n",
            gateway.to_string()
        ));
        out.push_str(&format!(
            "{:<15} {any:<15} {:<15} U     0      0        0 {name}\n",
            base.to_string(),
            mask.to_string()
        ));
    }
    sys.print(out).await;
    0
}

/// `ifconfig [-a] [INTERFACE]`
pub async fn ifconfig(sys: Sys) -> i32 {
    let only = sys.args().into_iter().skip(1).find(|word| word != "-a");
    let mut all = sys.interfaces();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(only) = &only {
        all.retain(|interface| interface.name == *only);
        if all.is_empty() {
            complain(
                &sys,
                &format!("{only}: error fetching interface information: Device not found"),
            )
            .await;
            return 1;
        }
    }
    let mut out = String::new();
    for interface in &all {
        let lo = interface.name == "lo";
        out.push_str(&if lo {
            format!("{:<9} Link encap:Local Loopback  \n", interface.name)
        } else {
            format!(
                "{:<9} Link encap:Ethernet  HWaddr {}  \n",
                interface.name,
                mac(interface, true)
            )
        });
        for (ip, length) in &interface.addresses {
            if let IpAddr::V4(ip) = ip {
                let (_, mask, broadcast) = network(*ip, *length);
                let broadcast = if lo {
                    String::new()
                } else {
                    format!("  Bcast:{broadcast}")
                };
                out.push_str(&format!(
                    "          inet addr:{ip}{broadcast}  Mask:{mask}\n"
                ));
            }
        }
        let (flags, queue) = if lo {
            ("UP LOOPBACK RUNNING", 1000)
        } else {
            ("UP BROADCAST RUNNING MULTICAST", 0)
        };
        out.push_str(&format!("          {flags}  MTU:{}  Metric:1\n          RX packets:0 errors:0 dropped:0 overruns:0 frame:0\n          TX packets:0 errors:0 dropped:0 overruns:0 carrier:0\n          collisions:0 txqueuelen:{queue} \n          RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)\n\n", interface.mtu));
    }
    sys.print(out).await;
    0
}

/// `netstat [-lntup]`: the sockets of the pod.
pub async fn netstat(sys: Sys) -> i32 {
    let args = sys.args();
    let has = |letter: char| {
        args.iter()
            .skip(1)
            .any(|word| word.starts_with('-') && word.contains(letter))
    };
    let (listening, all) = (has('l'), has('a'));
    let title = if listening {
        "only servers"
    } else if all {
        "servers and established"
    } else {
        "w/o servers"
    };
    let mut out = format!(
        "Active Internet connections ({title})\nProto Recv-Q Send-Q Local Address           Foreign Address         State       {}\n",
        if has('p') { "PID/Program name    " } else { "" }
    );
    for socket in sys.sockets() {
        if socket.remote.is_none() && !listening && !all {
            continue;
        }
        let chosen = if has('t') == has('u') {
            true
        } else {
            socket.protocol == if has('t') { "tcp" } else { "udp" }
        };
        if !chosen {
            continue;
        }
        let remote = socket.remote.map_or_else(
            || {
                if socket.local.is_ipv6() {
                    ":::*".to_owned()
                } else {
                    "0.0.0.0:*".to_owned()
                }
            },
            |remote| remote.to_string(),
        );
        out.push_str(&format!(
            "{:<5} {:6} {:6} {:<23} {remote:<23} {:<11} {}\n",
            socket.protocol,
            0,
            0,
            socket.local.to_string(),
            socket.state,
            if has('p') { "-" } else { "" }
        ));
    }
    sys.print(out).await;
    0
}
