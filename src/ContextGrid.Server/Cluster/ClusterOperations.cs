using ContextGrid.Orleans.Operations;

namespace ContextGrid.Server.Cluster;

/// <summary>What operators want of a silo. What it shows of itself has no secrets.</summary>
/// <param name="Tls">TLS between silos; null: none.</param>
/// <param name="Dashboard">Who may see the dashboard of Orleans; null: there is none.</param>
/// <param name="Otlp">Where metrics and traces are sent; null: nowhere.</param>
internal sealed record ClusterOperations(SiloTlsOptions? Tls, DashboardAccess? Dashboard, OtlpOptions? Otlp);
