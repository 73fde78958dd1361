using System.Collections.Immutable;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Backups;

/// <summary>A backup that is durable under its name.</summary>
/// <param name="Directory">Where it is.</param>
/// <param name="Generation">The generation of its checkpoint.</param>
/// <param name="Files">How many files it has.</param>
/// <param name="Bytes">How many bytes they have.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Ranges">The offsets of each partition that it has, in order of topic and partition.</param>
public sealed record BackupResult(
    string Directory, long Generation, int Files, long Bytes, TimeSpan Elapsed, ImmutableArray<BackupRange> Ranges);

/// <summary>What a backup has of a partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Range">Its offsets.</param>
public readonly record struct BackupRange(TopicPartition Partition, LogRange Range);

/// <summary>How far a backup is.</summary>
/// <param name="BytesDone">The bytes that are copied.</param>
/// <param name="BytesTotal">The bytes that there were to copy at the beginning.</param>
public readonly record struct BackupProgress(long BytesDone, long BytesTotal);
