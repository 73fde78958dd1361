using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Replay;
using EntityContext = ContextGrid.Contracts.V1.EntityContext;

namespace ContextGrid.Server.Services;

/// <summary>
/// Writes an answer as a GetContextResponse of contextgrid/v1/context.proto: the one place where answers become bytes.
/// The field numbers are those of that file.
/// </summary>
internal static class ContextWire
{
    /// <summary>The version of every definition: there is one until versions are built beside each other.</summary>
    internal const int DefinitionVersion = 1;

    internal static void Write(ProtoWriter to, ContextQuery query, ContextAnswer answer, in ContextOutcome outcome)
    {
        WriteTime(to, 1, query.HeadMs);
        foreach (FeatureSelection selection in query.Selections)
        {
            int header = to.Open(2);
            to.Text(1, selection.Plan.Definition.Name);
            to.Number(2, DefinitionVersion);
            foreach (string name in selection.Names)
            {
                to.Text(3, name);
            }

            to.Close(header);
        }

        for (int i = 0; i < answer.Count; i++)
        {
            WriteEntity(to, query, answer, i, outcome.Cut);
        }

        foreach (SourceReading source in answer.Sources)
        {
            WriteSource(to, source);
        }
    }

    private static void WriteEntity(
        ProtoWriter to, ContextQuery query, ContextAnswer answer, int index, IReadOnlyList<RetainedFrom> cut)
    {
        ref readonly ContextAnswer.EntityHeader header = ref answer.Header(index);
        EntityPlan plan = query.Selections[query[index].Selection].Plan;
        int entity = to.Open(3);
        to.Number(1, query[index].Selection);
        to.Bytes(2, query.Key(index));
        foreach (ref readonly Value value in answer.Values(index))
        {
            ValueWire.Write(to, 3, value);
        }

        WriteStatuses(to, answer, index);
        to.Number(7, header.HeadMs);
        if (header.NewestMs != EventTimes.None)
        {
            to.Number(8, header.NewestMs);
        }

        WriteDegraded(to, header, answer.Past.Contains(index) ? cut : []);
        foreach ((int unreached, string why) in answer.Unreached)
        {
            if (unreached == index)
            {
                to.Text(9, $"its values are missing, ask again: {why}");
            }
        }

        foreach (Position position in answer.Positions(index))
        {
            int at = to.Open(10);
            to.Text(1, plan.Topics[position.TopicIndex]);
            to.Number(2, position.Partition);
            to.Number(3, position.Offset);
            to.Close(at);
        }

        to.Close(entity);
    }

    private static void WriteStatuses(ProtoWriter to, ContextAnswer answer, int index)
    {
        int statuses = to.Open(4);
        foreach (FeatureStatus status in answer.Statuses(index))
        {
            to.Packed((byte)status);
        }

        to.Close(statuses);
        ReadOnlySpan<long> times = answer.EventTimesMs(index);
        if (times.ContainsAnyExcept(EventTimes.None))
        {
            int packed = to.Open(5);
            foreach (long time in times)
            {
                to.Packed((ulong)(time == EventTimes.None ? EntityContext.NoEventMs : time));
            }

            to.Close(packed);
        }

        ReadOnlySpan<byte> notes = answer.Notes(index);
        if (notes.ContainsAnyExcept((byte)0))
        {
            to.Bytes(6, notes); // Each note is below 128, so its packed form is its byte.
        }
    }

    private static void WriteDegraded(
        ProtoWriter to, in ContextAnswer.EntityHeader header, IReadOnlyList<RetainedFrom> cut)
    {
        if (header.SkippedEvents > 0)
        {
            to.Text(9, $"{header.SkippedEvents} of its events could not be applied and are among the dead letters");
        }

        foreach (RetainedFrom from in cut)
        {
            to.Text(
                9,
                $"rebuilt from the log, which has {from.Partition.Topic}/{from.Partition.Partition} "
                + $"from offset {from.Offset} on; earlier events are missing");
        }
    }

    private static void WriteSource(ProtoWriter to, in SourceReading source)
    {
        int at = to.Open(4);
        to.Text(1, source.Partition.Topic);
        to.Number(2, source.Partition.Partition);
        to.Number(3, source.Next - 1);
        to.Number(4, source.Lag);
        to.Number(5, source.LagMs);
        foreach (OffsetGap gap in source.Gaps)
        {
            int pair = to.Open(6);
            to.Number(1, gap.First);
            to.Number(2, gap.Last);
            to.Close(pair);
        }

        to.Close(at);
    }

    // google.protobuf.Timestamp: whole seconds, and nanoseconds from 0 up.
    private static void WriteTime(ProtoWriter to, int field, long milliseconds)
    {
        long seconds = TimeMath.FloorDiv(milliseconds, 1000);
        int at = to.Open(field);
        to.Number(1, seconds);
        to.Number(2, (milliseconds - (seconds * 1000)) * 1_000_000);
        to.Close(at);
    }
}
