namespace ContextGrid.Integration.Tests.Faults.Damage;

/// <summary>Damages files.</summary>
internal static class FileDamage
{
    /// <summary>Damages a file.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="how">What to do, or which part of a checkpoint's segment to hit.</param>
    internal static void Do(string file, string how)
    {
        long bytes = new FileInfo(file).Length;

        // A segment of checkpoints ends with 12 bytes an index entry, and a tail of 36 bytes.
        switch (how)
        {
            case "missing": File.Delete(file); break;
            case "empty": File.WriteAllBytes(file, []); break;
            case "cut": File.WriteAllBytes(file, File.ReadAllBytes(file)[..(int)(bytes - 10)]); break;
            case "footer": Flip(file, bytes - 20); break;
            case "index": Flip(file, bytes - 40); break;
            case "record": Flip(file, bytes / 3); break;
            default: Flip(file, bytes / 2); break;
        }
    }

    /// <summary>Turns one bit.</summary>
    internal static void Flip(string file, long at)
    {
        byte[] content = File.ReadAllBytes(file);
        content[at] ^= 0x40;
        File.WriteAllBytes(file, content);
    }
}
