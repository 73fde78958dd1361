using System.IO.Compression;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Tests.Codecs;

namespace ContextGrid.Runtime.Tests.Examples;

/// <summary>The retail example against the data set that it is made for.</summary>
public sealed class RetailDataTests
{
    private const long NowMs = 1_769_904_000_000;

    [Fact]
    public void Validate_OnlineRetail_AcceptsEveryLine()
    {
        string file = Path.Combine(DataFiles.Folder, "online_retail.jsonl.gz");
        Assert.SkipUnless(
            File.Exists(file), $"SKIPPED: {file} is missing; CONTEXTGRID_PARTS names the folder of data/.");
        DefinitionSet? definitions = ExampleFiles.Read("retail").Set;
        Assert.NotNull(definitions);
        var validator = new EventValidator(definitions);
        Assert.True(validator.TryGetEvent("retail", out int index));

        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        int lines = 0;
        for (; reader.ReadLine() is { } line; lines++)
        {
            EventValidation validation = validator.Validate(index, Encoding.UTF8.GetBytes(line), NowMs);
            Assert.True(validation.IsValid, $"line {lines}: {line}: {validation.Message}");
        }

        Assert.Equal(541_909, lines);
    }
}
