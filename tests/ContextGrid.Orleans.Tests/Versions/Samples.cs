using ContextGrid.Orleans.Entities;
using ContextGrid.Orleans.Replay;
using ContextGrid.Orleans.Storage;
using ContextGrid.Orleans.Topology;
using ContextGrid.Orleans.Wire;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Topology;

namespace ContextGrid.Orleans.Tests.Versions;

/// <summary>
/// A value of each type that silos store or send, and its bytes. The bytes never change, since stores and older silos
/// have them: a field that is added has its default here.
/// </summary>
internal static class Samples
{
    private static readonly ReplayRequest Request = new("user", "2", "u1", "2026-01-01T00:00:00Z", "now");

    private static readonly ReplayState Replay = new()
    {
        Request = Request,
        Phase = ReplayPhase.Finished,
        Partitions = [new ReplayPartition("payments", 1, 2, 3, 4)],
        Events = 5,
        Skipped = 6,
        DefinitionHash = ulong.MaxValue,
        Reason = "why",
        StartedMs = 1_700_000_000_000,
        EndedMs = 1_700_000_000_001,
    };

    internal static Sample[] All { get; } =
    [
        Sample.Of(new EntityState { Snapshot = [1, 2, 200] }, "2040070102C8E0"),
        Sample.Of(new ShardWrite("entity", [117, 47, 49], [1, 2, 200], 6),
            "20E8400D656E746974794107752F3141070102C80119E0"),
        Sample.Of(new ShardState([1, 2, 200], 7), "20E840070102C8011DE0"),
        Sample.Of(new ShardState(null, 0), "20E8C0010101E0"),
        Sample.Of(new EventBlock([1, 130, 128, 4]), "20E8400901828004E0"),
        Sample.Of(new ApplyReply(true, 2, 3), "20E800030109010DE0"),
        Sample.Of(new ReplayRequestWire("user", "2", "u1", "2026-01-01T00:00:00Z", "now"),
            "20E8400975736572410332410575314129323032362D30312D30315430303A30303A30305A41076E6F77"
                + "E0"),
        Sample.Of(Request,
            "20E8400975736572410332410575314129323032362D30312D30315430303A30303A30305A41076E6F77"
                + "E0"),
        Sample.Of(new ReplayEntry("r1", Request, true, true),
            "20E84005723121E8400975736572410332410575314129323032362D30312D30315430303A30303A3030"
                + "5A41076E6F77E001030103E0"),
        Sample.Of(new ReplayIndexState { Entries = [new ReplayEntry("r1", Request)] },
            "20E820000321E84005723121E8400975736572410332410575314129323032362D30312D30315430303A"
                + "30303A30305A41076E6F77E001010101E0E0E0"),
        Sample.Of(new ReplayPartitionWire("payments", 1, 2, 3, 4),
            "20E840117061796D656E747301050109010D0111E0"),
        Sample.Of(Replay,
            "20E820E8400975736572410332410575314129323032362D30312D30315430303A30303A30305A41076E"
                + "6F77E009030521000321E840117061796D656E747301050109010D0111E0E00115011981FFFFFFFFFFFF"
                + "FFFF4107776879012000B4F2E7C501A000B4F2E7C5E0"),
        Sample.Of(new ReplayReport(Replay, "fault", "silo"),
            "20E820E820E8400975736572410332410575314129323032362D30312D30315430303A30303A30305A41"
                + "076E6F77E009030521000321E840117061796D656E747301050109010D0111E0E00115011981FFFFFFFF"
                + "FFFFFFFF4107776879012000B4F2E7C501A000B4F2E7C5E0410B6661756C74410973696C6FE0"),
        Sample.Of(new ShardReply(new byte[] { 1, 2, 200 }, "why"), "20E840070102C84107776879E0"),
        Sample.Of(new ShardCall(ShardMessage.Read, new byte[] { 1, 2, 200 }), "4009010102C8"),
        Sample.Of(new ReplayReplyWire(ReplayOutcome.Done, "done"), "20E80803014109646F6E65E0"),
    ];
}
