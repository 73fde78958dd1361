using System.Net;
using ContextGrid.Orleans.Operations;

namespace ContextGrid.Server.Cluster;

/// <summary>Which cluster a server is a silo of, and how.</summary>
/// <param name="Name">The cluster's name.</param>
/// <param name="Address">Where other silos reach this one.</param>
/// <param name="Port">Its port there.</param>
/// <param name="Membership">Where the members are written down.</param>
/// <param name="Listen">Where it listens; null: where others reach it.</param>
/// <param name="Blobs">The connection string of the account where each entity is a blob of its own; null: entities are
/// in the store of snapshots.</param>
/// <param name="Operations">What operators want of it.</param>
internal sealed record ClusterChoice(
    string Name,
    IPAddress Address,
    int Port,
    MembershipChoice Membership,
    IPEndPoint? Listen,
    string? Blobs,
    ClusterOperations Operations)
{
    /// <summary>Name and address: connections have secrets.</summary>
    public override string ToString() => $"{Name} at {Address}:{Port}";
}

/// <summary>What operators want of a silo. What it shows of itself has no secrets.</summary>
/// <param name="Tls">TLS between silos; null: none.</param>
/// <param name="Dashboard">Who may see the dashboard of Orleans; null: there is none.</param>
/// <param name="Otlp">Where metrics and traces are sent; null: nowhere.</param>
internal sealed record ClusterOperations(SiloTlsOptions? Tls, DashboardAccess? Dashboard, OtlpOptions? Otlp);
