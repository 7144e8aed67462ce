# SPDX-License-Identifier: Apache-2.0
"""One strict file, `comity.toml`.  Every number carries its unit in its name; unknown keys are errors.

Words of the law (regions, consents, evidence kinds) are only shapes here; they are held against the vocabulary in a room above.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class SecretRef(Section, frozen=True, kw_only=True):
    """Where a secret is: exactly one of the three; never the secret itself."""

    env: str = ""
    file: str = ""
    command: tuple[str, ...] = ()  # a program and its arguments, started without a shell; what it prints is the secret


class ControllerConfig(Section, frozen=True, kw_only=True):
    """Who decides why and how personal data is processed."""

    name: str = ""
    established: frozenset[str] = frozenset()
    us_person: bool = False
    ciio: bool = False
    gba_city: bool = False
    sector: str | None = None
    ca_covered_provider: bool = False
    residency: frozenset[str] | None = None  # the tenant's own narrowing


class ServiceConfig(Section, frozen=True, kw_only=True):
    public: bool = False  # offered to the public; false: your own use on your own machine
    placed_on_market: date | None = None


class SubjectDefaults(Section, frozen=True, kw_only=True):
    """Used for what a request does not say; never guessed from text."""

    location: str | None = None
    residence: str | None = None
    age: int | None = None  # years
    consent: frozenset[str] = frozenset()
    collected: str | None = None


class Defaults(Section, frozen=True, kw_only=True):
    purpose: str = "assist"
    task: str | None = None  # `feature` of the facts
    legal_basis: str | None = None
    subject: SubjectDefaults = SubjectDefaults()


class US12MonthsConfig(Section, frozen=True, kw_only=True):
    covered_identifiers: int = 0
    personal_health: int = 0
    personal_financial: int = 0
    precise_geolocation: int = 0
    biometric: int = 0
    omic_genomic: int = 0
    omic_other: int = 0


class VolumesConfig(Section, frozen=True, kw_only=True):
    """Persons already counted elsewhere, declared by the operator (the running counters add to them)."""

    cn_ytd_pi: int = 0
    cn_ytd_spi: int = 0
    us_12mo: US12MonthsConfig = US12MonthsConfig()


class AnyExceptConfig(Section, frozen=True, kw_only=True):
    any_except: frozenset[str]


PlaceConfig = frozenset[str] | AnyExceptConfig


class PriceConfig(Section, frozen=True, kw_only=True):
    """Of a million tokens, as your contract says it; without one, what the catalog says of the model."""

    currency: str  # ISO 4217: CNY, USD
    input: float
    output: float = 0.0
    request: float = 0.0  # of one request beside its tokens, or of one image where several are asked for


class CostConfig(Section, frozen=True, kw_only=True):
    """The most that one request may cost, by an estimate made before anything is sent."""

    amount: float
    currency: str  # prices in another currency count as unknown, and what is unknown is above every ceiling


class TrustConfig(Section, frozen=True, kw_only=True):
    """What a node must prove before anything is sealed to it (`provider = "node"`).  What it cannot prove it is not sent."""

    pool: str  # the pool that the request is bound to
    log: str  # the node log's key, as its operator publishes it (a C2SP vkey)
    witnesses: tuple[str, ...] = ()  # keys of those who must have seen the log's checkpoint (C2SP vkeys)
    quorum: int = 2  # how many of them
    checkpoint_seconds_max: int = 86_400  # how old the signatures of so many may be
    level: Literal["A0", "A1", "A2", "A3"] = "A0"  # the least that the node's evidence must come to
    images: tuple[str, ...] = ()  # digests of software (sha256:…) that may open it; empty: any that the log names
    builders: tuple[str, ...] = ()  # from A1: Ed25519 keys (64 hexadecimal digits) whose word about an image is taken
    measurements: tuple[str, ...] = ()  # from A2: what may run there, one software a line: `tdx mrtd=… rtmr1=… rtmr2=…`
    tcb: tuple[Literal["UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded"], ...] = ("UpToDate",)
    policy: str = ""  # digest of the node's law (64 hexadecimal digits); empty: the one that the log names
    plaintext_at: Literal["node", "upstream"] = "upstream"  # "node": no partner beyond the node may read it
    suites: tuple[Literal["mlkem768-x25519", "x25519"], ...] = ("mlkem768-x25519",)  # taken, the first that the node offers
    padding_bytes_min: int = 1024  # a request grows to a power of two of at least so many bytes; 0: its size shows


class DeploymentConfig(Section, frozen=True, kw_only=True):
    """One model at one partner, or on this device.

    For a provider of the catalog, places and hosts come from the catalog by (region, scope); `processing`, `storage`,
    `access` and `operator` are then only needed to narrow, and a contradiction is refused.  For `self-hosted` they are required.
    """

    id: str
    provider: str  # embedded | self-hosted | a provider of the catalog (alibaba, openai, …)
    model: str = ""
    dialect: str = ""  # of those the provider speaks; default: what the catalog says of the model, else its first
    region: str = ""  # the provider's own region id (cn-beijing)
    scope: str = ""  # deployment scope, where inference runs (chinese-mainland)
    workspace: str = ""  # your own label in the provider's host names: a Model Studio workspace, an Azure resource
    project: str = ""  # your own project in the provider's paths (Google Cloud)
    base_url: str = ""  # self-hosted; of a node: where its relay, or the node itself, is reached
    trust: TrustConfig | None = None  # of `provider = "node"`: what it must prove
    stand_in: str = ""  # loopback base URL of a lab partner that plays this deployment; receipts say so
    api_key: SecretRef | None = None
    processing: PlaceConfig | None = None
    storage: PlaceConfig | None = None
    access: PlaceConfig | None = None
    operator: str | None = None  # region where the operating entity is organised
    role: Literal["processor", "independent_controller"] = "processor"
    covered_person: bool | None = None
    trains_on_input: bool = False
    evidence: tuple[str, ...] = ()  # vocabulary id, optionally `:YYYY-MM-DD` valid-to
    context_tokens: int = 0  # 0: what the catalog says; 4096 on this device
    tools: bool | None = None
    operations: frozenset[str] | None = None  # chat, embeddings, rerank, transcription, speech, images, ocr; default: as the catalog says
    inputs: frozenset[str] | None = None  # what the model takes beside text: image, audio, file; default: as the catalog says
    priority: int = 0  # lower is asked first; the device always comes before
    weight: float = 1.0  # among places of one priority where `routing.balance` is "weighted"; 0: only when the others fail
    concurrency_max: int = 0  # requests at once; 0: no limit
    price: PriceConfig | None = None  # default: as the catalog says


class RatesConfig(Section, frozen=True, kw_only=True):
    """What may be asked for in any sixty seconds, and at once; 0: no limit."""

    requests_per_minute: int = 0
    tokens_per_minute: int = 0  # of prompts and answers
    concurrent: int = 0  # requests at once


class BudgetConfig(Section, frozen=True, kw_only=True):
    """What may be spent at partners in a day or a month of UTC."""

    amount: float
    currency: str  # ISO 4217; prices in another do not count
    per: Literal["day", "month"] = "month"
    hard: bool = True  # refuse what could exceed it; false: only count


class TenantConfig(Section, frozen=True, kw_only=True):
    """A group of keys, with limits and a budget of its own: what a key asks for must fit both."""

    id: str
    limits: RatesConfig | None = None
    budget: BudgetConfig | None = None


Role = Literal["call", "read", "engineer", "officer", "admin"]


class KeyConfig(Section, frozen=True, kw_only=True):
    """A caller's key; only its SHA-256 is kept (`comity keys hash` prints it)."""

    id: str
    sha256: str
    tenant: str = ""  # a tenant's id
    roles: frozenset[Role] = frozenset({"call"})  # ask models; read decisions; drill; erase and link; all of these but `call`, and keys
    may_assert_subject: bool = False
    unknown_fields: Literal["refuse", "drop"] = "refuse"
    purpose: str | None = None
    task: str | None = None
    purposes: tuple[str, ...] = ()  # that a request may have; empty: all
    tasks: tuple[str, ...] = ()  # that a request may have; empty: all, and none
    models: tuple[str, ...] = ()  # deployment ids; empty: all
    cost_max: CostConfig | None = None  # of one request; beside `routing.cost_max`, and both hold
    expires: date | None = None  # last day (UTC)
    limits: RatesConfig | None = None
    budget: BudgetConfig | None = None


class IssuerConfig(Section, frozen=True, kw_only=True):
    """Who may sign subject tokens (JWS; EdDSA or ES256)."""

    iss: str
    aud: str
    algorithm: Literal["EdDSA", "ES256"]
    public_key: str  # path of a PEM file


class ServerConfig(Section, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: int = 8484
    hosts: tuple[str, ...] = ()  # further Host header values accepted (name or name:port)
    workers: int = 1  # processes that answer on this port, each on a core of its own; more than one needs `storage.url`
    drain_seconds: float = 0.0  # told to stop, `/readyz` says no for so long before the door closes, so that a load balancer sees it


class LimitsConfig(Section, frozen=True, kw_only=True):
    body_bytes_max: int = 4_194_304
    answer_bytes_max: int = 67_108_864
    connect_seconds_max: float = 5.0
    first_byte_seconds_max: float = 120.0
    idle_seconds_max: float = 60.0  # between two pieces of a stream
    record_seconds_max: float = 10.0
    concurrent_requests_max: int = 512
    memory_bytes_max: int = 0  # held by this process; above it further requests are answered 503 with `Retry-After`; 0: no bound
    connections_max: int = 4096  # open at once; the next is told to come back
    bodies_bytes_max: int = 268_435_456  # of all requests being read or answered; a body that would pass it is told to come back
    head_bytes_max: int = 16_384  # a request's first line and headers
    headers_max: int = 100
    head_seconds_max: float = 10.0  # from a request's first byte to the end of its head
    body_seconds_max: float = 60.0  # from then to the end of its body
    keep_alive_seconds_max: float = 75.0  # between two requests on one connection
    unread_seconds_max: float = 60.0  # how long a caller may not read its answer


class MediaConfig(Section, frozen=True, kw_only=True):
    """Categories of personal data (words of the vocabulary) that what is no text carries in this service.  Nobody looks
    into an image, a sound or a file on its way (of an image `ocr` reads the text, and adds what is found in it): unless it is said here
    what they carry, they count as carrying every category."""

    image: frozenset[str] | None = None
    audio: frozenset[str] | None = None
    file: frozenset[str] | None = None


class PrivacyConfig(Section, frozen=True, kw_only=True):
    """How personal data is looked for in what would leave, and what stands in its place."""

    profile: Literal["rules", "balanced", "strict"] = "rules"  # rules alone; with models of names; with those, naming a person sooner
    pseudonyms: Literal["tags", "surrogates"] = "tags"  # `PERSON_1_K7QX4`, or made-up values of the same kind
    conversation_seconds_max: float = 0.0  # after its last request, how long a named subject's conversation keeps its stand-ins
    media: MediaConfig = MediaConfig()
    ocr: bool = False  # read text in images, count what is found there, paint it over before an image leaves (the extra `ocr`)
    scan_seconds_max: float = 10.0  # of one request; then it counts as carrying unknown personal data, and stays on the device


class LabelsConfig(Section, frozen=True, kw_only=True):
    """The operator's signature under generated images and sounds (C2PA; the extra `c2pa`)."""

    certificates: str = ""  # path of a PEM file, the certificate first, its issuers after it; empty: files are labelled, not signed
    key: SecretRef | None = None  # PEM, PKCS 8
    algorithm: Literal["es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519"] = "es256"


class LogsConfig(Section, frozen=True, kw_only=True):
    """What is written to standard error while a gateway runs: ids and codes, never content, subject or key."""

    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "warning"
    access: bool = False  # a line for each request: route, status, time, deployment, effect, receipt


class TelemetryConfig(Section, frozen=True, kw_only=True):
    """Traces and metrics for an OpenTelemetry collector.  It is sent ids, codes and numbers, and nobody else is sent any."""

    endpoint: str = ""  # base URL of a collector that takes OTLP over HTTP (`http://127.0.0.1:4318`); empty: nothing is sent
    token: SecretRef | None = None  # shown to it as `authorization: Bearer …`
    service: str = "comity"  # `service.name`
    sampled_share: float = 1.0  # of requests that are traced, 0 to 1
    trusts_callers: bool = False  # go on with a trace that a caller began (`traceparent`), and let it decide whether to trace
    metrics_seconds: float = 60.0  # how often metrics are sent; 0: traces only
    spans_max: int = 8192  # that wait to be sent; further ones are dropped and counted


class StorageConfig(Section, frozen=True, kw_only=True):
    """One PostgreSQL server for several gateways, which then keep one log and exact counts together; without it, files in the home."""

    url: SecretRef | None = None  # postgresql://user:password@host/database; off this machine only with TLS, unless it says `sslmode`
    log_key: SecretRef | None = None  # 64 hexadecimal digits (openssl rand -hex 32), the same for every gateway on it


class OidcConfig(Section, frozen=True, kw_only=True):
    """Sign-in to the console by OpenID Connect (the extra `console`)."""

    issuer: str  # as it names itself; its `/.well-known/openid-configuration` is read
    client_id: str
    client_secret: SecretRef | None = None  # of a confidential client
    name: str = ""  # on the page's button; default: the issuer's host
    claim: str = "groups"  # of the ID token: a word, or a list of words
    roles: dict[str, Literal["viewer", "engineer", "officer", "admin"]] = {}  # by such a word; who has none is refused


class ConsoleConfig(Section, frozen=True, kw_only=True):
    """Pages in a browser, at `/console` of the gateway."""

    enabled: bool = True  # false: no pages, and nobody signs in
    url: str = ""  # public base URL; needed for `oidc`, and with https cookies are for https alone
    transparency: bool = False  # `/transparency`: aggregate numbers that anybody may read
    session_seconds: int = 28_800  # after which who signed in does so again
    link_seconds: int = 604_800  # how long the one-time link to a person's own page holds
    contact: str = ""  # whom a person may ask, as their page says it
    oidc: OidcConfig | None = None


class PathsConfig(Section, frozen=True, kw_only=True):
    home: str = ""  # default: $COMITY_HOME, else the platform's data directory
    models: str = ""  # default: $COMITY_MODELS, else <home>/models
    state: str = ""  # counts and evidence, a database that gateways of one controller may share; default: <home>/state.db


class DeviceConfig(Section, frozen=True, kw_only=True):
    """Models on this machine, whichever deployments they are."""

    threads: int = 0  # that compute one answer; 0: one where there are two cores or the machine is busy, else half the cores
    idle_seconds_max: float = 900.0  # so long after its last answer a model is unloaded; 0: never.  One that is asked by default stays
    silent_seconds_max: float = 180.0  # a model's process that is asked and says nothing for so long is ended
    shared: bool = True  # ask `comity device serve` where it runs, instead of loading a model once more


class SharedConfig(Section, frozen=True, kw_only=True):
    """What gateways share beside their database."""

    valkey: SecretRef | None = None  # URL of a Valkey or Redis that counts rates (the extra `valkey`); default: where the state lies


class PacksConfig(Section, frozen=True, kw_only=True):
    enabled: tuple[str, ...] = ()  # empty: all that ship
    extra: tuple[str, ...] = ()  # directories of further packs (tenant policy)


class RoutingConfig(Section, frozen=True, kw_only=True):
    """In which order and how often the places are asked that the law allows and that can take the request.  Nothing here adds one."""

    balance: Literal["order", "weighted", "latency"] = "order"  # among equal priorities: as configured, by weight, the quickest
    sticky: bool = True  # "weighted": a conversation goes on where it began, while that place is well, so that prompt caches hit
    attempts_max: int = 4  # for one request, over all places, hedges included
    rounds_max: int = 2  # how often one place may be asked for one request
    backoff_seconds: float = 0.2  # before a place is asked again: a random part of it, doubled each time
    backoff_seconds_max: float = 2.0  # the longest such wait, and the longest `Retry-After` that is waited for
    retry_share_max: float = 0.2  # attempts after the first, as a share of the requests within `window_seconds`
    retries_min: int = 10  # that many within `window_seconds` whatever the share
    window_seconds: float = 30.0  # over which failures, requests and retries are counted
    failures_max: int = 5  # in a row; then a place is left alone
    failure_share_max: float = 0.5  # of at least 20 answers within `window_seconds`; then a place is left alone
    open_seconds: float = 5.0  # how long; then one request tries it, and each time that fails the time doubles
    open_seconds_max: float = 120.0  # the longest that it doubles to
    probe_seconds: float = 0.0  # how often a place left alone is looked for, without key or content; 0: the next request tries it
    hedge: bool = False  # ask a second place when the first is slow; whoever answers first is passed on
    hedge_after_ms: int = 0  # 0: slower than 19 of 20 of that place's last answers
    queue_max: int = 128  # requests that wait while every place is full
    queue_seconds_max: float = 5.0  # then the answer is 503 with `Retry-After`
    cost_max: CostConfig | None = None  # of one request
    completion_tokens_assumed: int = 4096  # for the cost of a request that names no `max_tokens`


class ResilienceConfig(Section, frozen=True, kw_only=True):
    """Of whom `comity resilience` asks who would answer them."""

    jurisdictions: tuple[str, ...] = ()  # regions where you serve people; empty: those of every pack that is enabled
    tasks: tuple[str, ...] = ()  # words of the vocabulary; empty: all of them


class BatchConfig(Section, frozen=True, kw_only=True):
    """Jobs over files (`/v1/files`, `/v1/batches`).  What callers leave is sealed in the state, and goes when its time is over."""

    concurrent: int = 4  # lines that this gateway has under way at once, beside its callers; 0: it leaves them to others
    file_bytes_max: int = 16_777_216  # of one file that is sent; while it is taken, memory holds several times as much
    kept_bytes_max: int = 1_073_741_824  # of all files of one key
    lines_max: int = 50_000  # of one file
    keep_seconds: int = 604_800  # how long a file is kept, and a batch after its end
    lease_seconds: int = 30  # a gateway not heard of for so long counts as killed, and others go on with what it had
    key: SecretRef | None = None  # 64 hexadecimal digits (openssl rand -hex 32) that files are sealed with; default: a key in the state


class CosignerConfig(Section, frozen=True, kw_only=True):
    """A witness that is asked to sign a log's checkpoint (C2SP tlog-witness)."""

    url: str  # where `/add-checkpoint` is
    key: str  # a C2SP vkey, as `comity witness key` prints it; a signature by another is not shown


class PublishConfig(Section, frozen=True, kw_only=True):
    """The record's log, as tiles that anybody may fetch and check: salted hashes, one for each receipt or change, and nothing else."""

    store: str = ""  # a directory, or the URL of an object store (the extra `objects`); empty: it is not published
    seconds: float = 600.0  # how often
    fill: int = 256  # before it is published, random leaves fill the log up to a multiple of so many, so that its size counts nobody
    witnesses: tuple[CosignerConfig, ...] = ()
    quorum: int = 2  # of the witnesses, who must have signed what is shown; where fewer are named, all of them


class NodeConfig(Section, frozen=True, kw_only=True):
    """`comity node`: opens what was sealed to it and answers like a gateway in its region.  Its keys and terms stand in a public log."""

    pool: str  # what clients bind their requests to
    region: str  # where this machine is
    operator: str = ""  # who runs it; default: `controller.name`
    url: str = ""  # public base URL, as the log names it
    level: Literal["A0", "A1", "A2", "A3"] = "A0"  # what its evidence comes to; clients check it themselves
    evidence: str = ""  # path of the evidence that goes into the log (`comity attest sign`)
    image: str = ""  # digest of the software that runs here: sha256:…
    log_key: SecretRef | None = None  # of the node log, 64 hexadecimal digits; default: a key in the home
    log_store: str = ""  # where its tiles are published: a directory, or the URL of an object store; default: <home>/nodelog
    witnesses: tuple[CosignerConfig, ...] = ()  # who is asked to sign its checkpoints
    quorum: int = 2  # of the witnesses, who must have signed what is shown; where fewer are named, all of them
    publish_seconds: float = 600.0  # how often it is witnessed anew, at least
    padding_bytes_min: int = 1024  # an answer grows to a power of two of at least so many bytes; 0: its size shows
    event_bytes_min: int = 256  # the same of what one beat of a stream sends
    beat_seconds: float = 0.05  # events of a stream are let go on this beat; 0: at once, and their rhythm shows


class RelayConfig(Section, frozen=True, kw_only=True):
    """`comity relay`: passes sealed bytes on, and neither reads nor keeps them."""

    operator: str  # who runs it
    pools: dict[str, str] = {}  # by pool: base URL of its node
    node_operators: dict[str, str] = {}  # by pool: who runs that node; the same as here is labelled so
    body_bytes_max: int = 16_777_216  # of one sealed request


class WitnessConfig(Section, frozen=True, kw_only=True):
    """`comity witness`: signs a log's checkpoint once it was shown that nothing before it was changed (C2SP tlog-witness)."""

    name: str  # a host and path that you own: example.org/witness-1
    logs: tuple[str, ...] = ()  # keys of the logs that it watches (C2SP vkeys)
    key: SecretRef | None = None  # 64 hexadecimal digits; default: a key in the home


class ConsentConfig(Section, frozen=True, kw_only=True):
    rests_on: Literal["claims", "records"] = "claims"  # what callers say, or records of what each person was shown and agreed to


class LearningQueryConfig(Section, frozen=True, kw_only=True):
    """One question that devices may be asked; the most that one person can move its answer follows from `clip`."""

    name: str
    pipeline: str  # what it is asked for: a device answers once for each pipeline and window
    kind: Literal["histogram", "gram"]
    field: str  # of the events on the device
    clip: int  # histogram: events of a person that count; gram: items of a person from which each weighs less
    each_max: int = 0  # histogram: of a person in one bin
    edges: tuple[float, ...] = ()  # histogram: rising
    items: tuple[str, ...] = ()  # gram: the public list of items


class LearningConfig(Section, frozen=True, kw_only=True):
    """What many devices may be asked together; see the page on learning."""

    queries: tuple[LearningQueryConfig, ...] = ()  # whatever is not listed is asked of no device


class Config(Section, frozen=True, kw_only=True):
    controller: ControllerConfig = ControllerConfig()
    service: ServiceConfig = ServiceConfig()
    defaults: Defaults = Defaults()
    volumes: VolumesConfig = VolumesConfig()
    server: ServerConfig = ServerConfig()
    limits: LimitsConfig = LimitsConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    labels: LabelsConfig = LabelsConfig()
    logs: LogsConfig = LogsConfig()
    telemetry: TelemetryConfig = TelemetryConfig()
    routing: RoutingConfig = RoutingConfig()
    storage: StorageConfig = StorageConfig()
    paths: PathsConfig = PathsConfig()
    device: DeviceConfig = DeviceConfig()
    packs: PacksConfig = PacksConfig()
    resilience: ResilienceConfig = ResilienceConfig()
    evidence: tuple[str, ...] = ()  # of the controller itself: assessments, notices
    evidence_check_required: bool = False  # what the register holds without a check does not count, nor what this file lists
    shared: SharedConfig = SharedConfig()
    batch: BatchConfig = BatchConfig()
    publish: PublishConfig = PublishConfig()
    console: ConsoleConfig = ConsoleConfig()
    learning: LearningConfig = LearningConfig()
    consent: ConsentConfig = ConsentConfig()
    node: NodeConfig | None = None
    relay: RelayConfig | None = None
    witness: WitnessConfig | None = None
    tenants: tuple[TenantConfig, ...] = ()
    keys: tuple[KeyConfig, ...] = ()
    issuers: tuple[IssuerConfig, ...] = ()
    deployments: tuple[DeploymentConfig, ...] = ()  # empty: the embedded model on this device
