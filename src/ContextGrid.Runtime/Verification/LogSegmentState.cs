namespace ContextGrid.Runtime.Verification;

/// <summary>What the check of one segment of the log has found.</summary>
/// <param name="Path">Its file.</param>
/// <param name="BaseOffset">The offset of its first record.</param>
/// <param name="EndOffset">The offset after its last record, as a start takes it.</param>
/// <param name="Records">How many records are whole.</param>
/// <param name="Damage">Whether records that were durable are damaged.</param>
internal sealed record LogSegmentState(string Path, long BaseOffset, long EndOffset, long Records, bool Damage);
