using System.Globalization;
using Orleans;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Tests;

/// <summary>The members of a cluster whose silos are all in this process. Thread-safe.</summary>
internal sealed class SharedMembership : IMembershipTable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<SiloAddress, (MembershipEntry Entry, int ETag)> _rows = [];
    private int _version;

    public Task InitializeMembershipTable(bool tryInitTableVersion) => Task.CompletedTask;

    public Task DeleteMembershipTableEntries(string clusterId) => Task.CompletedTask;

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => Task.CompletedTask;

    public Task<MembershipTableData> ReadRow(SiloAddress key) => Task.FromResult(Read(k => k.Equals(key)));

    public Task<MembershipTableData> ReadAll() => Task.FromResult(Read(_ => true));

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
        Task.FromResult(Put(entry, null, tableVersion));

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        Task.FromResult(Put(entry, etag, tableVersion));

    public Task UpdateIAmAlive(MembershipEntry entry)
    {
        lock (_gate)
        {
            if (_rows.TryGetValue(entry.SiloAddress, out (MembershipEntry Entry, int ETag) row))
            {
                row.Entry.IAmAliveTime = entry.IAmAliveTime;
            }
        }

        return Task.CompletedTask;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static MembershipEntry Copy(MembershipEntry entry) => new()
    {
        SiloAddress = entry.SiloAddress,
        Status = entry.Status,
        SuspectTimes = entry.SuspectTimes is null ? null : [.. entry.SuspectTimes],
        ProxyPort = entry.ProxyPort,
        HostName = entry.HostName,
        SiloName = entry.SiloName,
        RoleName = entry.RoleName,
        StartTime = entry.StartTime,
        IAmAliveTime = entry.IAmAliveTime,
    };

    private bool Put(MembershipEntry entry, string? etag, TableVersion version)
    {
        lock (_gate)
        {
            bool exists = _rows.TryGetValue(entry.SiloAddress, out (MembershipEntry Entry, int ETag) row);
            if (version.VersionEtag != Text(_version) || (etag is null ? exists : !exists || Text(row.ETag) != etag))
            {
                return false;
            }

            _version++;
            _rows[entry.SiloAddress] = (Copy(entry), row.ETag + 1);
            return true;
        }
    }

    private MembershipTableData Read(Func<SiloAddress, bool> wanted)
    {
        lock (_gate)
        {
            return new MembershipTableData(
                [.. _rows.Where(r => wanted(r.Key)).Select(r => Tuple.Create(Copy(r.Value.Entry), Text(r.Value.ETag)))],
                new TableVersion(_version, Text(_version)));
        }
    }
}
