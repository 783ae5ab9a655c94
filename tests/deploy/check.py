#!/usr/bin/env python3
"""docker-compose.yml and Dockerfile, checked without an engine: they parse, and what they name exists.

With a `docker compose` at hand its own `config` would say the same; where there is none, this is what can be known.
"""
import os, re, sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
faults = []


def expect(holds, what):
    if not holds:
        faults.append(what)


def dockerfile():
    text = open(os.path.join(ROOT, "Dockerfile")).read().replace("\\\n", " ")
    stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", text, re.M)
    names = [name for _, name in stages if name]
    expect(len(stages) == 3, f"Dockerfile: three stages are expected, {len(stages)} stand there")
    for source in re.findall(r"^COPY --from=(\S+)", text, re.M):
        expect(source in names, f"Dockerfile: COPY --from={source} names no stage")
    for words in re.findall(r"^COPY ((?!--from).+)$", text, re.M):
        for path in words.split()[:-1]:
            expect(os.path.exists(os.path.join(ROOT, path)), f"Dockerfile: {path} does not exist")
    expect("PODSCHOOL_WEB_DIST" in text, "Dockerfile: the server stage must take the bundle from the web stage")
    for volume in re.findall(r"^VOLUME (\S+)$", text, re.M):
        owned = re.search(rf"^COPY --from=\S+ --chown=65532:65532 \S+ {volume}$", text, re.M)
        expect(owned, f"Dockerfile: {volume} must belong to the user that the server runs as")
    expect(":nonroot" in stages[-1][0], "Dockerfile: the last stage must not run as root")


def compose():
    try:
        import yaml
    except ImportError:
        print("compose: skipped, python3 has no PyYAML")
        return
    doc = yaml.safe_load(open(os.path.join(ROOT, "docker-compose.yml")))
    services = doc["services"]
    plain = [n for n, s in services.items() if not s.get("profiles")]
    kind = [n for n, s in services.items() if s.get("profiles") == ["kind"]]
    expect(plain == ["podschool"], f"docker-compose.yml: the default profile is {plain}, not podschool alone")
    expect(len(kind) == 1, "docker-compose.yml: the profile kind has one service")
    published = [port.rsplit(":", 1)[0] for service in services.values() for port in service["ports"]]
    expect(len(published) == len(set(published)), f"docker-compose.yml: one port is published twice: {published}")
    for name, service in services.items():
        mounts = [v.split(":")[0] for v in service.get("volumes", [])]
        expect(not any("docker.sock" in m for m in mounts), f"docker-compose.yml: {name} mounts the engine's socket")
        expect(all(p.startswith("127.0.0.1:") for p in service.get("ports", [])), f"docker-compose.yml: {name} listens beyond loopback")
        # The kubeconfig names the port inside, so it must be the same outside, and no other service's.
        k8s = service["environment"]["PODSCHOOL_K8S_LISTEN"].rsplit(":", 1)[1]
        expect(f"127.0.0.1:{k8s}:{k8s}" in service["ports"], f"docker-compose.yml: {name}: no kubectl reaches port {k8s}")
        for volume in mounts:
            expect(volume.startswith((".", "/")) or volume in doc["volumes"], f"docker-compose.yml: {name}: no volume {volume}")
        for network in service.get("networks", []):
            expect(network == "default" or network in doc["networks"], f"docker-compose.yml: {name}: no network {network}")
    expect(doc["networks"]["kind"].get("external") is True, "docker-compose.yml: the network kind is not external")


dockerfile()
compose()
for fault in faults:
    print(fault)
sys.exit(1 if faults else 0)
