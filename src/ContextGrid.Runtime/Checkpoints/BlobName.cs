namespace ContextGrid.Runtime.Checkpoints;

/// <summary>The rule for names of blobs, the same for every <see cref="ISnapshotStore"/>.</summary>
public static class BlobName
{
    /// <summary>The longest name, in characters.</summary>
    public const int LengthMax = 200;

    /// <summary>
    /// Checks a name: 1–200 characters of <c>a–z 0–9 - . /</c>, without empty segments, <c>.</c> or <c>..</c>.
    /// </summary>
    /// <exception cref="ArgumentException">The name is not of this form.</exception>
    public static void Check(string name)
    {
        bool allowed = name.Length is >= 1 and <= LengthMax;
        foreach (char c in name)
        {
            allowed &= c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '.' or '/';
        }

        foreach (Range part in name.AsSpan().Split('/'))
        {
            allowed &= name.AsSpan()[part] is not ("" or "." or "..");
        }

        if (!allowed)
        {
            throw new ArgumentException(
                $"'{name}' is no name of a blob: 1 to {LengthMax} of a-z, 0-9, '-', '.' and '/', no empty part.",
                nameof(name));
        }
    }
}
