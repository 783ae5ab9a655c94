//! Specs as the API server keeps them inside (Go's field names, everything written), and the difference of two: what the errors about
//! immutable specs show.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use serde_json::Value;

use crate::quote::go_json;
use crate::table::{Field, Shape, Type, type_named};

const CONTEXT: usize = 3;

/// The difference of two values of a type (`core/v1.PodSpec`), as a unified diff without a head.
pub(super) fn diff(type_name: &str, old: &Value, new: &Value) -> String {
    let Some(of) = type_named(type_name) else {
        return String::new();
    };
    difference(of, order(of), old, new)
}

/// The difference of the sources of two persistent volumes, which their specs hold among other things.
pub(super) fn volume_source_diff(old: &Value, new: &Value) -> String {
    const SOURCES: &str = "gcePersistentDisk awsElasticBlockStore hostPath glusterfs nfs rbd quobyte iscsi flexVolume cinder cephfs fc \
        flocker azureFile vsphereVolume azureDisk photonPersistentDisk portworxVolume scaleIO local storageos csi";
    let Some(of) = type_named("core/v1.PersistentVolumeSpec") else {
        return String::new();
    };
    difference(of, Some(SOURCES), old, new)
}

fn difference(of: &Type, names: Option<&str>, old: &Value, new: &Value) -> String {
    let lines = |value: &Value| {
        let mut out = String::new();
        write_members(of, names, value, value, 0, &mut out);
        out.lines().map(|l| format!("{l}\n")).collect::<Vec<_>>()
    };
    unified(&lines(old), &lines(new))
}

/// A value of a type as one line: how field errors show a whole struct.
pub(super) fn json(type_name: &str, value: &Value) -> String {
    let mut out = String::new();
    if let Some(of) = type_named(type_name) {
        write_struct(of, value, value, 0, &mut out);
    }
    // one member a line: what stands before the first colon is its name
    out.lines()
        .map(|l| l.trim_start().replacen("\": ", "\":", 1))
        .collect()
}

/// Fields that the inner structs have elsewhere or in another order than the outer ones. `@` moves a field of the pod's spec to its security
/// context.
const POD_SPEC: &str = "volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds \
    activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName automountServiceAccountToken nodeName securityContext \
    imagePullSecrets hostname subdomain setHostnameAsFQDN affinity schedulerName tolerations hostAliases priorityClassName priority \
    preemptionPolicy dnsConfig readinessGates runtimeClassName overhead enableServiceLinks topologySpreadConstraints os \
    schedulingGates resourceClaims resources hostnameOverride schedulingGroup";
const POD_SECURITY: &str = "@hostNetwork @hostPID @hostIPC @shareProcessNamespace @hostUsers seLinuxOptions windowsOptions runAsUser \
    runAsGroup runAsNonRoot supplementalGroups supplementalGroupsPolicy fsGroup fsGroupChangePolicy sysctls seccompProfile \
    appArmorProfile seLinuxChangePolicy";
const VOLUME: &str = "name hostPath emptyDir gcePersistentDisk awsElasticBlockStore gitRepo secret nfs iscsi glusterfs \
    persistentVolumeClaim rbd quobyte flexVolume cinder cephfs flocker downwardAPI fc azureFile configMap vsphereVolume azureDisk \
    photonPersistentDisk projected portworxVolume scaleIO storageos csi ephemeral image";

fn order(of: &Type) -> Option<&'static str> {
    match of.name {
        "core/v1.PodSpec" => Some(POD_SPEC),
        "core/v1.PodSecurityContext" => Some(POD_SECURITY),
        "core/v1.Volume" => Some(VOLUME),
        _ => None,
    }
}

/// The name of a field in Go: words that are abbreviations are in capitals.
fn go_name(field: &str) -> String {
    const WHOLE: &[(&str, &str)] = &[
        ("tty", "TTY"),
        ("ip", "IP"),
        ("os", "OS"),
        ("uid", "UID"),
        ("nfs", "NFS"),
        ("iscsi", "ISCSI"),
        ("rbd", "RBD"),
        ("fc", "FC"),
        ("csi", "CSI"),
        ("cephfs", "CephFS"),
        ("grpc", "GRPC"),
        ("storageos", "StorageOS"),
    ];
    const STARTS: &[(&str, &str)] = &[
        ("dns", "DNS"),
        ("http", "HTTP"),
        ("tcp", "TCP"),
        ("gce", "GCE"),
        ("aws", "AWS"),
        ("fsGroup", "FSGroup"),
        ("fsType", "FSType"),
        ("api", "API"),
        ("seLinux", "SELinux"),
    ];
    if let Some((_, go)) = WHOLE.iter().find(|(name, _)| *name == field) {
        return (*go).to_string();
    }
    for (start, go) in STARTS {
        if let Some(rest) = field.strip_prefix(start)
            && rest.starts_with(|c: char| c.is_ascii_uppercase())
        {
            return format!("{go}{rest}");
        }
    }
    let mut chars = field.chars();
    chars
        .next()
        .map(|c| c.to_ascii_uppercase())
        .into_iter()
        .chain(chars)
        .collect()
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn write_struct(of: &Type, value: &Value, spec: &Value, indent: usize, out: &mut String) {
    write_members(of, order(of), value, spec, indent, out);
}

/// The members with these names, in their order, or all.
fn write_members(
    of: &Type,
    names: Option<&str>,
    value: &Value,
    spec: &Value,
    indent: usize,
    out: &mut String,
) {
    let mut members: Vec<(String, &Field, &Value)> = Vec::new();
    let null = &Value::Null;
    let spec_type = type_named("core/v1.PodSpec");
    match names {
        Some(names) => {
            for name in names.split_whitespace() {
                let (holder, source, name) = match name.strip_prefix('@') {
                    Some(name) => (spec_type, spec, name),
                    None => (Some(of), value, name),
                };
                if let Some(field) = holder.and_then(|t| t.field(name)) {
                    members.push((go_name(name), field, source.get(name).unwrap_or(null)));
                }
            }
        }
        None => {
            for field in &of.fields {
                members.push((
                    go_name(field.name),
                    field,
                    value.get(field.name).unwrap_or(null),
                ));
            }
        }
    }
    out.push('{');
    for (i, (name, field, value)) in members.iter().enumerate() {
        out.push_str(if i > 0 { ",\n" } else { "\n" });
        pad(indent + 1, out);
        let _ = write!(out, "\"{name}\": ");
        let missing_struct = matches!(field.shape, Shape::Struct(_)) && field.always;
        let missing_scalar = value.is_null() && !field.pointer;
        match (&field.shape, missing_scalar) {
            (Shape::String | Shape::Bytes, true) => out.push_str("\"\""),
            (Shape::Bool, true) => out.push_str("false"),
            (Shape::Int32 | Shape::Int64 | Shape::Double | Shape::IntOrString, true) => {
                out.push('0')
            }
            (Shape::Struct(id), true) if missing_struct => {
                write_struct(id.get(), value, spec, indent + 1, out)
            }
            (shape, _) => write_value(shape, value, spec, indent + 1, out),
        }
    }
    out.push('\n');
    pad(indent, out);
    out.push('}');
}

fn write_value(shape: &Shape, value: &Value, spec: &Value, indent: usize, out: &mut String) {
    match (shape, value) {
        (Shape::Struct(id), Value::Object(_)) => write_struct(id.get(), value, spec, indent, out),
        (Shape::List(inner), Value::Array(items)) if !items.is_empty() => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { ",\n" } else { "\n" });
                pad(indent + 1, out);
                write_value(inner, item, spec, indent + 1, out);
            }
            out.push('\n');
            pad(indent, out);
            out.push(']');
        }
        (Shape::Map(inner), Value::Object(members)) if !members.is_empty() => {
            let sorted: BTreeMap<_, _> = members.iter().collect();
            out.push('{');
            for (i, (key, value)) in sorted.into_iter().enumerate() {
                out.push_str(if i > 0 { ",\n" } else { "\n" });
                pad(indent + 1, out);
                let _ = write!(out, "{}: ", go_json(&Value::from(key.as_str())));
                write_value(inner, value, spec, indent + 1, out);
            }
            out.push('\n');
            pad(indent, out);
            out.push('}');
        }
        (_, value) => out.push_str(&go_json(value)),
    }
}

/// A run of equal lines: where it starts in both, and how long it is.
#[derive(Clone, Copy)]
struct Match {
    a: usize,
    b: usize,
    size: usize,
}

/// The longest run of equal lines within two ranges, leaving out lines that are too common to tell anything.
struct Matcher<'a> {
    a: &'a [String],
    b: &'a [String],
    places: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Matcher<'a> {
    fn new(a: &'a [String], b: &'a [String]) -> Self {
        let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
        for (i, line) in b.iter().enumerate() {
            places.entry(line).or_default().push(i);
        }
        if b.len() >= 200 {
            places.retain(|_, at| at.len() <= b.len() / 100 + 1);
        }
        Matcher { a, b, places }
    }

    fn longest(&self, (alo, ahi): (usize, usize), (blo, bhi): (usize, usize)) -> Match {
        let mut best = Match {
            a: alo,
            b: blo,
            size: 0,
        };
        let mut lengths: HashMap<usize, usize> = HashMap::new();
        for i in alo..ahi {
            let mut next = HashMap::new();
            for &j in self
                .places
                .get(self.a[i].as_str())
                .into_iter()
                .flatten()
                .filter(|j| (blo..bhi).contains(j))
            {
                let size = j
                    .checked_sub(1)
                    .and_then(|j| lengths.get(&j))
                    .copied()
                    .unwrap_or_default()
                    + 1;
                next.insert(j, size);
                if size > best.size {
                    best = Match {
                        a: i + 1 - size,
                        b: j + 1 - size,
                        size,
                    };
                }
            }
            lengths = next;
        }
        while best.a > alo && best.b > blo && self.a[best.a - 1] == self.b[best.b - 1] {
            best = Match {
                a: best.a - 1,
                b: best.b - 1,
                size: best.size + 1,
            };
        }
        while best.a + best.size < ahi
            && best.b + best.size < bhi
            && self.a[best.a + best.size] == self.b[best.b + best.size]
        {
            best.size += 1;
        }
        best
    }

    fn matches(&self) -> Vec<Match> {
        let mut todo = vec![((0, self.a.len()), (0, self.b.len()))];
        let mut found = Vec::new();
        while let Some(((alo, ahi), (blo, bhi))) = todo.pop() {
            let one = self.longest((alo, ahi), (blo, bhi));
            if one.size == 0 {
                continue;
            }
            found.push(one);
            todo.push(((alo, one.a), (blo, one.b)));
            todo.push(((one.a + one.size, ahi), (one.b + one.size, bhi)));
        }
        found.sort_by_key(|m| (m.a, m.b));
        found
    }
}

/// A changed stretch: lines of `a` that become lines of `b`.
type Change = (std::ops::Range<usize>, std::ops::Range<usize>);

fn unified(a: &[String], b: &[String]) -> String {
    let mut changes: Vec<Change> = Vec::new();
    let (mut i, mut j) = (0, 0);
    let end = Match {
        a: a.len(),
        b: b.len(),
        size: 0,
    };
    for one in Matcher::new(a, b).matches().into_iter().chain([end]) {
        if i < one.a || j < one.b {
            changes.push((i..one.a, j..one.b));
        }
        (i, j) = (one.a + one.size, one.b + one.size);
    }
    let mut out = String::new();
    let mut group: Vec<Change> = Vec::new();
    for change in changes {
        if group
            .last()
            .is_some_and(|last| change.0.start - last.0.end > 2 * CONTEXT)
        {
            write_hunk(a, b, &group, &mut out);
            group.clear();
        }
        group.push(change);
    }
    if !group.is_empty() {
        write_hunk(a, b, &group, &mut out);
    }
    out
}

fn write_hunk(a: &[String], b: &[String], group: &[Change], out: &mut String) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else {
        return;
    };
    let before = first.0.start.min(CONTEXT);
    let after = (a.len() - last.0.end).min(CONTEXT);
    let range = |start: usize, end: usize| match end - start {
        1 => format!("{}", start + 1),
        0 => format!("{start},0"),
        length => format!("{},{length}", start + 1),
    };
    let a_range = range(first.0.start - before, last.0.end + after);
    let b_range = range(first.1.start - before, last.1.end + after);
    let _ = writeln!(out, "@@ -{a_range} +{b_range} @@");
    let mut at = first.0.start - before;
    let mut line = |sign: char, text: &str| {
        out.push(sign);
        out.push_str(text);
    };
    for (old, new) in group {
        a[at..old.start].iter().for_each(|l| line(' ', l));
        a[old.clone()].iter().for_each(|l| line('-', l));
        b[new.clone()].iter().for_each(|l| line('+', l));
        at = old.end;
    }
    a[at..last.0.end + after].iter().for_each(|l| line(' ', l));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shows_the_change() {
        let old = json!({"containers": [{"name": "a", "image": "b"}], "hostNetwork": true});
        let mut new = old.clone();
        new["nodeName"] = "n".into();
        let expect = " \"AutomountServiceAccountToken\": null,\n- \"NodeName\": \"\",\n+ \"NodeName\": \"n\",\n  \"SecurityContext\": null,\n";
        assert!(
            diff("core/v1.PodSpec", &old, &new).contains(expect),
            "{}",
            diff("core/v1.PodSpec", &old, &new)
        );
        assert_eq!(diff("core/v1.PodSpec", &old, &old), "");
    }
}
