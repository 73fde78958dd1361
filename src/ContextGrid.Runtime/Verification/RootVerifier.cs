namespace ContextGrid.Runtime.Verification;

/// <summary>Checks what stands at the top of a data directory: its format, and names that nobody knows.</summary>
/// <param name="report">Takes the findings.</param>
internal sealed class RootVerifier(VerifyReport report)
{
    private const string Format = "contextgrid data 1\n";

    /// <summary>Checks.</summary>
    public void Verify()
    {
        VerifyFormat(Path.Combine(report.Root, "format"));
        foreach (string path in Directory.EnumerateFileSystemEntries(report.Root).Order(StringComparer.Ordinal))
        {
            VerifyEntry(path, Path.GetFileName(path));
        }
    }

    private void VerifyEntry(string path, string name)
    {
        if (name is "format" or "log" or "checkpoints" or "lock" or "process")
        {
            return;
        }

        if (name == "format.new")
        {
            report.Info(path, null, "A crash has interrupted the making of the directory.", "A start replaces it.",
                "Nothing needs it; --repair moves it aside.");
            report.MayMove(path);
        }
        else if (name.StartsWith("checkpoints.old-", StringComparison.Ordinal))
        {
            report.Info(path, null, "These checkpoints were put aside by --rebuild.", "A start leaves them alone.",
                "Delete them when the new state is right.");
        }
        else if (name.StartsWith(AsideMover.Prefix, StringComparison.Ordinal))
        {
            report.Info(path, null, "This was moved aside by verify --repair.", "A start leaves it alone.",
                "Delete it when nothing in it is wanted any more.");
        }
        else if (WhatIsIn(path) is { } what)
        {
            report.Info(path, null, what, "A start leaves it alone.",
                "Leave it where it is looked for; 'contextgrid verify' checks it by its own name.");
        }
        else
        {
            report.Warning(path, null, "It is no part of a data directory.", "A start leaves it alone.",
                "Move it elsewhere if it is yours.");
        }
    }

    // Others of ours may stand in a data directory, such as the store of --snapshots.
    private static string? WhatIsIn(string path) =>
        ClusterVerifier.IsState(path) ? "It has the state of a cluster."
        : File.Exists(Path.Combine(path, "format")) ? "It is a data directory of its own."
        : Directory.Exists(Path.Combine(path, "manifests")) ? "It has checkpoints of --snapshots."
        : null;

    private void VerifyFormat(string path)
    {
        if (!File.Exists(path))
        {
            report.Error(path, null, "The file that says the directory's format is missing.",
                "A start is refused: it takes the directory for somebody else's.",
                "Write the line 'contextgrid data 1' into it, if this is a data directory of ContextGrid.");
            return;
        }

        string text = File.ReadAllText(path);
        report.Bytes += text.Length;
        if (text == Format)
        {
            report.Ok(path, "data directory, format 1");
        }
        else if (text.Trim() == Format.Trim())
        {
            report.Warning(path, null, "It is not as it was written, though it says the same.", "",
                "Write the line 'contextgrid data 1' into it.");
        }
        else
        {
            report.Error(path, null, "It does not say 'contextgrid data 1', the format that this program knows.",
                "A start is refused.",
                "Use a newer program, or write that line into it if the file was damaged.");
        }
    }
}
