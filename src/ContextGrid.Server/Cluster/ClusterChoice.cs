using System.Net;

namespace ContextGrid.Server.Cluster;

/// <summary>Which cluster a server is a silo of, and how.</summary>
/// <param name="Name">The cluster's name.</param>
/// <param name="Address">Where the silo listens for others.</param>
/// <param name="Port">Its port there.</param>
/// <param name="Membership">Where the members are written down.</param>
internal sealed record ClusterChoice(string Name, IPAddress Address, int Port, MembershipChoice Membership);
