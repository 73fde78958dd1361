using System.Text.RegularExpressions;

namespace ContextGrid.Tidy.Tests;

public sealed class WordTests
{
    // The words stand in pieces, so that this file keeps its own rule.
    private static readonly Regex Banned = new(
        @"\b(TO" + "DO|FIX" + "ME|HA" + "CK|XX" + "X|Not"
            + @"Implemented\w*)\b|^\s*#(end)?reg" + @"ion\b|\basync\s+vo" + @"id\b");

    private static readonly Regex MachinePath = new(
        @"(?<![\w.$}])/(wo" + "rk|tm" + "p|ro" + @"ot|ho" + @"me/\w+)/|[A-Z]:\\Us" + "ers");

    private static readonly Regex Impure = new(
        @"\b(async|await|Task|ValueTask|TimeProvider|ILogger|Stopwatch|FileStream|Guid\.NewGuid|CurrentCulture"
        + @"|Environment\.TickCount\w*)\b|\b(File|Directory|Console)\.\w");

    [Fact]
    public void Words_Banned_AreNowhere() => Report.Fail(
        from path in Repository.TextFiles
        from line in Repository.Lines(path).Index()
        where Banned.IsMatch(line.Item)
        select $"{path}:{line.Index + 1} has a banned word: {line.Item.Trim()}");

    [Fact]
    public void Paths_OfAMachine_AreNowhere() => Report.Fail(
        from path in Repository.TextFiles
        from line in Repository.Lines(path).Index()
        where MachinePath.IsMatch(line.Item)
        select $"{path}:{line.Index + 1} names a path of a machine: {line.Item.Trim()}");

    // The platform's streams take a gzip that ends too early for a whole one.
    [Fact]
    public void Gzip_OfOthers_IsReadInOnePlace() => Report.Fail(
        from path in Repository.SourceFiles
        where path.StartsWith("src/", StringComparison.Ordinal)
        where path != "src/ContextGrid.Contracts/Compression/WholeGzipStream.cs"
        from line in Repository.Lines(path).Index()
        where line.Item.Contains("CompressionMode." + "Decompress", StringComparison.Ordinal)
        select $"{path}:{line.Index + 1} unpacks by itself. Use WholeGzipStream: {line.Item.Trim()}");

    [Fact]
    public void Core_Always_IsPure() => Report.Fail(
        from path in Repository.SourceFiles
        where path.StartsWith("src/ContextGrid.Core/", StringComparison.Ordinal)
        from line in SourceText.Blank(Repository.Read(path)).Split('\n').Index()
        where Impure.IsMatch(line.Item)
        select $"{path}:{line.Index + 1} does input, output, waiting or asks a clock: {line.Item.Trim()}");
}
