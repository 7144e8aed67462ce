# SPDX-License-Identifier: Apache-2.0
"""What is shipped to run Comity elsewhere: held to what it promises, by its structure where the tool that would run it is not here.

Helm's templates are not rendered here: their control lines are dropped and their values filled with a word, which leaves YAML to look at.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from comity.config import Config
from comity.config.file import load_config
from comity.gateway.partners import resolve_all
from comity.jurisdictions.vocab import load_vocabulary
from comity.providers.egress import destinations, rules
from tests.fakes import FakeClock
from tests.tidy.tree import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose"
CHART = DEPLOY / "helm" / "comity"
TEMPLATES = sorted((CHART / "templates").glob("*.yaml"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
UID = 10001


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"`{name}` is not on this machine")
    return found


def ran(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


# -- the image --------------------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", "")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line.strip())]


def test_hadolint_finds_nothing() -> None:
    ran(tool("hadolint"), str(DEPLOY / "Dockerfile"))


def test_the_image_runs_as_nobody_in_particular_and_holds_no_secret() -> None:
    said = dict(instructions())  # of each the last: that of the image itself
    assert said["USER"] == f"{UID}:{UID}"
    assert json.loads(said["ENTRYPOINT"]) == ["comity"] and "--host" in json.loads(said["CMD"])
    assert json.loads(said["VOLUME"]) == ["/var/lib/comity"] and "/healthz" in said["HEALTHCHECK"]
    assert not re.search(
        r"(?i)password|token|secret=|api_key|^ARG|https?://(?!127\.0\.0\.1)", "\n".join(f"{a} {b}" for a, b in instructions())
    )


def test_every_package_comes_with_its_hash_and_every_base_has_a_tag() -> None:
    assert all(re.fullmatch(r"[a-z./-]+:\d[\w.-]*( AS build)?", rest) for word, rest in instructions() if word == "FROM")
    installs = [
        part for word, rest in instructions() if word == "RUN" for part in rest.split("&&") if " install " in part and "pip" in part
    ]
    assert len(installs) == 2
    assert all("--require-hashes" in each or "--no-deps /build/dist/" in each for each in installs)


def test_what_is_copied_is_there_and_let_through() -> None:
    """`.dockerignore` refuses everything that is not named, so a file forgotten there breaks the build and not a secret's secrecy."""
    ignored, *lines = [each for each in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if not each.startswith("#")]
    assert ignored == "*"
    let = {each[1:] for each in lines if each.startswith("!")}
    copied = {name for word, rest in instructions() if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]}
    assert copied == let
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_lock_of_the_image_has_what_it_needs() -> None:
    text = (ROOT / "requirements" / "server.txt").read_text(encoding="utf-8")
    names = set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))
    assert {"msgspec", "cedarpy", "cryptography", "asyncpg", "valkey", "hatchling", "editables"} <= names
    blocks = re.split(r"\n(?=[a-z0-9])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    assert all("--hash=sha256:" in block for block in blocks)


# -- compose ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load((COMPOSE / "compose.yaml").read_text(encoding="utf-8"))
    return made


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(COMPOSE / "comity.toml")


def test_docker_compose_takes_it() -> None:
    docker = tool("docker")
    if subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker here has no `compose`")
    ran(docker, "compose", "-f", str(COMPOSE / "compose.yaml"), "config", "--quiet")


def test_every_service_has_the_fewest_rights(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "cap_add", "pid", "network_mode", "devices"} & service.keys(), name
        assert service.get("user", "101:101").split(":")[0] != "0", name
        assert re.search(r":v?\d", service["image"]) or service["image"] == "comity", name


def test_only_the_balancer_is_reached_from_outside_and_only_the_proxy_reaches_out(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert compose["networks"]["inside"]["internal"] is True
    assert {name for name, each in services.items() if "outside" in each["networks"]} == {"balancer", "egress"}
    assert {name for name, each in services.items() if each.get("ports")} == {"balancer"}
    assert services["balancer"]["ports"] == ["127.0.0.1:8080:8080"]


def test_two_gateways_share_everything_that_they_must_not_have_twice(compose: dict[str, Any], config: Config) -> None:
    assert compose["services"]["comity-1"] == compose["services"]["comity-2"]
    assert config.storage.url and config.storage.log_key and config.shared.valkey


def test_each_secret_that_is_read_is_given_and_none_is_in_the_repository(compose: dict[str, Any], config: Config) -> None:
    read = {each.api_key for each in config.deployments} | {config.storage.url, config.storage.log_key, config.shared.valkey}
    gateway = compose["services"]["comity-1"]
    assert {each.file for each in read if each is not None} == {f"/run/secrets/{name}" for name in gateway["secrets"]}
    used = {name for service in compose["services"].values() for name in service.get("secrets", ())}
    assert used == set(compose["secrets"])
    assert all(each["file"] == f"./secrets/{name}" for name, each in compose["secrets"].items())
    assert "secrets/" in (COMPOSE / ".gitignore").read_text(encoding="utf-8").splitlines()
    tracked = ran("git", "ls-files", "deploy") if shutil.which("git") and (ROOT / ".git").exists() else ""
    assert "secrets" not in tracked


def test_the_way_out_is_what_the_configuration_says(compose: dict[str, Any], config: Config) -> None:
    """`comity egress` wrote the proxy's configuration, and the names that lead to it are the hosts of its listeners."""
    found = destinations(resolve_all(config.deployments, vocabulary=load_vocabulary(), as_of=FakeClock().now().date()).values())
    assert (COMPOSE / "egress.yaml").read_text(encoding="utf-8") == rules(found, "envoy", name="comity")
    assert compose["services"]["egress"]["networks"]["inside"]["aliases"] == [each.host for each in found]
    assert {each.port for each in found} == {443}


def test_the_balancer_passes_a_stream_on_and_asks_nothing_twice() -> None:
    text = (COMPOSE / "nginx.conf").read_text(encoding="utf-8")
    said = re.findall(r"^\s*([a-z_]+) ([^;{]+);", text, re.MULTILINE)
    assert ("proxy_buffering", "off") in said and ("proxy_set_header", "Host $http_host") in said
    assert "non_idempotent" not in text
    assert {value.split(":")[0] for name, value in said if name == "server"} == {"comity-1", "comity-2"}


def test_the_configuration_lets_a_balancer_see_that_a_gateway_leaves(compose: dict[str, Any], config: Config) -> None:
    grace = int(compose["services"]["comity-1"]["stop_grace_period"].removesuffix("s"))
    assert config.server.drain_seconds > 0 and config.server.drain_seconds + 30 < grace


# -- the chart --------------------------------------------------------------------------------------------------------

ACTION = re.compile(r"\{\{-?.*?-?\}\}")
BLOCK = re.compile(r"^\s*\{\{-? *(if|else|end|with|range|define|\$)\b.*\}\}\s*$|^\s*\{\{-? *(end|else) *-?\}\}\s*$")
NESTED = re.compile(r"^\s*\{\{-? .*nindent (\d+) \}\}\s*$")


def plain(text: str) -> str:
    """Control lines dropped, a block of lines as one member, anything else as a word."""
    out: list[str] = []
    for line in text.splitlines():
        nested = NESTED.match(line)
        if BLOCK.match(line) or line.strip().startswith("{{ . }}") or "$name :=" in line:
            continue
        if nested:
            one = "word: word"
            if out and out[-1].rstrip().endswith(
                ("hostnames:", "imagePullSecrets:", "tolerations:", "topologySpreadConstraints:", "from:")
            ):
                one = "- word"
            out.append(" " * int(nested[1]) + one)
            continue
        out.append(ACTION.sub("word", line))
    return "\n".join(out)


def documents(name: str) -> list[dict[str, Any]]:
    text = plain((CHART / "templates" / f"{name}.yaml").read_text(encoding="utf-8"))
    try:
        return [each for each in yaml.safe_load_all(text) if each]
    except yaml.YAMLError as error:
        raise AssertionError(f"{name}: {error}\n{text}") from error


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in TEMPLATES:
        for each in documents(path.stem):
            if each["kind"] == "Deployment":
                yield path.stem, each["spec"]["template"]["spec"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_is_yaml_around_its_actions_and_closes_what_it_opens(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("{{") == text.count("}}") == len(ACTION.findall(text))
    opened = len(re.findall(r"\{\{-? *(?:if|with|range|define) ", text))
    assert opened == len(re.findall(r"\{\{-? *end *-?\}\}", text))
    for each in documents(path.stem):
        assert {"apiVersion", "kind", "metadata"} <= each.keys()


def test_every_value_that_a_template_asks_for_is_there_and_each_is_asked_for() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    texts = "\n".join(path.read_text(encoding="utf-8") for path in (CHART / "templates").iterdir())
    asked = set(re.findall(r"\.Values\.([A-Za-z.]+)", texts))

    def paths(tree: dict[str, Any], before: str = "") -> Iterator[str]:
        for name, value in tree.items():
            whole = before + name
            if isinstance(value, dict) and value and whole not in asked:
                yield from paths(value, whole + ".")
            else:
                yield whole

    assert asked == set(paths(values))


def test_the_values_are_of_their_schema_and_a_misspelt_one_is_not() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(values, schema)
    for wrong in ({"replica": 3}, {"image": {"tagg": "1"}}, {"replicas": 0}, {"egress": {"ports": [70000]}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(values | wrong, schema)


@pytest.mark.parametrize(("name", "pod"), list(pods()), ids=lambda each: each if isinstance(each, str) else "")
def test_a_pod_has_the_fewest_rights(name: str, pod: dict[str, Any]) -> None:
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"], name
        assert context["capabilities"] == {"drop": ["ALL"]} and "resources" in container
        mounted = {each["name"] for each in container["volumeMounts"]}
        assert mounted == {each["name"] for each in pod["volumes"]}
    assert not any("hostPath" in volume for volume in pod["volumes"])
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()


def test_a_gateway_is_asked_whether_it_lives_and_whether_it_is_ready() -> None:
    (deployment,) = documents("deployment")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    asked = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {name: each["path"] for name, each in asked.items()} == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    assert all(each["httpHeaders"] == [{"name": "Host", "value": "localhost"}] for each in asked.values())
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert pod["securityContext"]["runAsUser"] == UID
    assert container["args"] == json.loads(dict(instructions())["CMD"])


def test_nothing_is_reached_but_names_until_a_policy_is_given() -> None:
    (policy,) = documents("networkpolicy")
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    (rule,) = policy["spec"]["egress"]
    assert {port["port"] for port in rule["ports"]} == {53} and "namespaceSelector" in rule["to"][0]
    assert [port["port"] for port in policy["spec"]["ingress"][0]["ports"]] == ["http"]


def test_the_chart_is_of_this_version() -> None:
    import tomllib

    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert (chart["appVersion"], chart["name"]) == (version, "comity")


def test_helm_lints_and_renders_it(tmp_path: Path) -> None:
    helm = tool("helm")
    toml = tmp_path / "comity.toml"
    toml.write_text('[controller]\nname = "Example"\n', encoding="utf-8")
    given = [f"--set-file=config={toml}", "--set=secrets.existingSecret=comity"]
    ran(helm, "lint", "--strict", str(CHART), *given)
    more = ["--set=autoscaling.enabled=true,serviceMonitor.enabled=true"]
    rendered = ran(helm, "template", "one", str(CHART), *given, *more)
    assert {each["kind"] for each in yaml.safe_load_all(rendered) if each} == {
        "ConfigMap", "Deployment", "HorizontalPodAutoscaler", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount",
        "ServiceMonitor",
    }  # fmt: skip
