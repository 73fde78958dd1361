namespace ContextGrid.Runtime.Verification;

/// <summary>
/// Takes the findings of one check, passes them on as they come, and keeps what a repair would move. Memory is bounded
/// by the number of files, since a file has a bounded number of findings. One caller at a time.
/// </summary>
/// <param name="root">The data directory's full path.</param>
/// <param name="sink">Receives each finding.</param>
internal sealed class VerifyReport(string root, Action<Finding> sink)
{
    private const int FindingsOfFileMax = 10;

    private readonly int[] _counts = new int[4];
    private readonly SortedSet<string> _aside = new(StringComparer.Ordinal);
    private string _file = "";
    private int _ofFile;

    /// <summary>The data directory's full path.</summary>
    public string Root => root;

    /// <summary>The bytes that were read.</summary>
    public long Bytes { get; set; }

    /// <summary>What a repair moves aside, relative to the directory.</summary>
    public IReadOnlyCollection<string> Aside => _aside;

    /// <summary>How many findings there are of a severity.</summary>
    public int Count(FindingSeverity severity) => _counts[(int)severity];

    /// <summary>Takes something that is as it must be.</summary>
    public void Ok(string path, string what) => Add(FindingSeverity.Ok, path, null, what, "", "");

    /// <summary>Takes something worth knowing.</summary>
    public void Info(string path, long? offset, string what, string atStart = "", string remedy = "") =>
        Add(FindingSeverity.Info, path, offset, what, atStart, remedy);

    /// <summary>Takes something that is wrong and costs nothing at the next start.</summary>
    public void Warning(string path, long? offset, string what, string atStart = "", string remedy = "") =>
        Add(FindingSeverity.Warning, path, offset, what, atStart, remedy);

    /// <summary>Takes damage, loss, or what a start refuses.</summary>
    public void Error(string path, long? offset, string what, string atStart = "", string remedy = "") =>
        Add(FindingSeverity.Error, path, offset, what, atStart, remedy);

    /// <summary>Lets a repair move a file or directory aside.</summary>
    public void MayMove(string path) => _aside.Add(Relative(path));

    /// <summary>The path relative to the directory, with '/'.</summary>
    public string Relative(string path) => Path.GetRelativePath(root, path).Replace('\\', '/');

    private void Add(
        FindingSeverity severity, string path, long? offset, string what, string atStart, string remedy)
    {
        string file = Relative(path);
        _ofFile = file == _file ? _ofFile + 1 : 1;
        _file = file;
        _counts[(int)severity]++;
        if (_ofFile <= FindingsOfFileMax)
        {
            sink(new Finding(severity, file, offset, what, atStart, remedy));
        }
        else if (_ofFile == FindingsOfFileMax + 1)
        {
            sink(new Finding(severity, file, offset, "More is wrong in this file; the rest is counted only."));
        }
    }
}
