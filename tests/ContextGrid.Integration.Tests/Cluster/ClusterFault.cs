namespace ContextGrid.Integration.Tests.Cluster;

/// <summary>What is done to a cluster under load.</summary>
internal enum ClusterFault
{
    /// <summary>SIGKILL of one silo.</summary>
    Kill,

    /// <summary>SIGKILL of all silos at once.</summary>
    KillAll,

    /// <summary>SIGSTOP of one silo until the others have declared it dead, then SIGCONT.</summary>
    Pause,

    /// <summary>No silo reaches another one for some seconds.</summary>
    Split,

    /// <summary>The store of the state can't be reached for some seconds.</summary>
    StateAway,

    /// <summary>Redis stops and comes back.</summary>
    MembersRestart,

    /// <summary>A fourth silo joins, and two leave in order.</summary>
    Resize,

    /// <summary>All silos are stopped in order and started again, one after the other.</summary>
    Rolling,
}
