# SPDX-License-Identifier: Apache-2.0
"""One strict file, `comity.toml`: its shapes, and reading it with the line of whatever is wrong.

Owns names, defaults and units.  Will not know the law's words: the vocabulary is a room above.
"""

from __future__ import annotations

from comity.config.schema import (
    AnyExceptConfig,
    BatchConfig,
    BudgetConfig,
    Config,
    ConsoleConfig,
    ControllerConfig,
    CosignerConfig,
    CostConfig,
    Defaults,
    DeploymentConfig,
    DeviceConfig,
    IssuerConfig,
    KeyConfig,
    LearningConfig,
    LearningQueryConfig,
    LimitsConfig,
    LogsConfig,
    NodeConfig,
    OidcConfig,
    PacksConfig,
    PathsConfig,
    PlaceConfig,
    PriceConfig,
    PrivacyConfig,
    PublishConfig,
    RatesConfig,
    RelayConfig,
    Role,
    RoutingConfig,
    SecretRef,
    ServerConfig,
    ServiceConfig,
    SharedConfig,
    SubjectDefaults,
    TelemetryConfig,
    TenantConfig,
    TrustConfig,
    US12MonthsConfig,
    VolumesConfig,
    WitnessConfig,
)  # fmt: skip

__all__ = [
    "AnyExceptConfig", "BatchConfig", "BudgetConfig", "Config", "ConsoleConfig", "ControllerConfig", "CosignerConfig", "CostConfig",
    "Defaults", "DeploymentConfig", "DeviceConfig", "IssuerConfig", "KeyConfig", "LearningConfig", "LearningQueryConfig",
    "LimitsConfig", "LogsConfig", "NodeConfig", "OidcConfig", "PacksConfig", "PathsConfig", "PlaceConfig", "PriceConfig",
    "PrivacyConfig", "PublishConfig", "RatesConfig", "RelayConfig", "Role", "RoutingConfig", "SecretRef", "ServerConfig",
    "ServiceConfig", "SharedConfig", "SubjectDefaults", "TelemetryConfig", "TenantConfig", "TrustConfig", "US12MonthsConfig",
    "VolumesConfig", "WitnessConfig",
]  # fmt: skip
