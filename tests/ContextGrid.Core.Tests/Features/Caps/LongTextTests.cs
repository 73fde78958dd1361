using System.Text;
using ContextGrid.Core.Tests.Entities;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Core.Tests.Features.Caps;

/// <summary>Long texts stay different, and an answer with a text that is not whole says so.</summary>
public sealed class LongTextTests
{
    private const long StartMs = 1_750_000_000_000;

    private const string Yaml = """
        version: 1
        events:
          hit:
            topic: hits
            timestamp: ts
            fields: {user: string, url: string, n: int64, ts: timestamp}
        entities:
          user:
            from: {hit: user}
            features:
              different: hit | distinct(url)
              different_exact: hit | distinct_exact(url)
              per_url: hit | count() by url
              per_url_1h: hit | count() by url over 1h
              frequent: hit | most_frequent(url, 3)
              recent: hit | unique_list(url, 3) over 1h
              last: hit | last(url)
              first: hit | first(url) over 1h exact
              largest: hit | max(url)
              top: hit | top_k(url, 2) over session 1h
              first_2: hit | first_n(url, 2)
              number: hit | max_by(n, url)
              text: hit | max_by(url, n)
              size: hit | last(length(url))
              longest: hit | max(length(url)) over 1h
              size_of_kept: length(last)
        """;

    private static readonly string[] WithTexts =
    [
        "per_url", "per_url_1h", "frequent", "recent", "last", "first", "largest", "top", "first_2", "number", "text",
        "size_of_kept",
    ];

    [Theory]
    [InlineData(1_037, "x")]
    [InlineData(4_096, "x")]
    [InlineData(4_095, "é")]
    public void Read_TextsUpToTheLimit_AreWholeAndExact(int bytes, string letter)
    {
        string[] urls = Urls(bytes, letter);
        (EngineUnderTest engine, FeatureOracle oracle) = Applied(urls);
        Assert.Empty(engine.Differences(oracle, "u", StartMs + 60_000));
        Assert.Equal(urls[^1], engine.Answer("last", StartMs + 60_000).Value);
        Assert.Equal(3L, engine.Answer("different", StartMs + 60_000).Value);
    }

    [Theory]
    [InlineData(4_097, "x")]
    [InlineData(4_099, "é")]
    [InlineData(70_000, "日")]
    [InlineData(900_000, "x")]
    public void Read_LongerTexts_StayDifferentAndAreCalledApproximate(int bytes, string letter)
    {
        string[] urls = Urls(bytes, letter);
        EngineUnderTest engine = Applied(urls).Engine;
        const long Head = StartMs + 60_000;
        Assert.Equal(3L, engine.Answer("different", Head).Value);
        Assert.Equal(3L, engine.Answer("different_exact", Head).Value);
        Assert.Equal(3, Assert.IsType<List<OracleCategory>>(engine.Answer("per_url", Head).Value).Count);
        Assert.Equal(3, Assert.IsType<List<OracleCategory>>(engine.Answer("per_url_1h", Head).Value).Count);
        Assert.Equal(3, Assert.IsType<List<object?>>(engine.Answer("frequent", Head).Value).Count);
        Assert.Equal(3, Assert.IsType<List<object?>>(engine.Answer("recent", Head).Value).Distinct().Count());
        Assert.Equal((long)urls[^1].Length, engine.Answer("size", Head).Value);
        Assert.Equal((long)urls[^1].Length, engine.Answer("longest", Head).Value);
        string last = Assert.IsType<string>(engine.Answer("last", Head).Value);
        Assert.InRange(Encoding.UTF8.GetByteCount(last), 4_097, 4_115);
        string kept = last[..last.LastIndexOf('…')];
        Assert.StartsWith(kept, urls[^1], StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(kept), 4_093, 4_096);
        Assert.Equal(WithTexts.Order(), engine.Approximate(Head).Order());
    }

    [Fact]
    public void Snapshot_LongTexts_IsSmallAndTheSameAfterRestore()
    {
        EngineUnderTest engine = Applied(Urls(900_000, "x")).Engine;
        byte[] snapshot = engine.Snapshot();
        Assert.InRange(snapshot.Length, 1, 300_000);
        engine.Restore(snapshot);
        Assert.Equal(snapshot, engine.Snapshot());
    }

    // They differ in their last letter alone.
    private static string[] Urls(int bytes, string letter)
    {
        var text = new StringBuilder("https://shop.example/?q=");
        int size = Encoding.UTF8.GetByteCount(letter);
        while (text.Length - 24 < (bytes - 25) / size)
        {
            text.Append(letter);
        }

        return [$"{text}1", $"{text}2", $"{text}3"];
    }

    private static (EngineUnderTest Engine, FeatureOracle Oracle) Applied(string[] urls)
    {
        var engine = new EngineUnderTest(Yaml);
        var oracle = new FeatureOracle(OracleDefinitions.Of(engine.Definitions, "user"));
        for (int i = 0; i < urls.Length; i++)
        {
            string[] names = ["user", "url", "n", "ts"];
            object?[] values = ["u", urls[i], (long)i, null];
            var e = new OracleEvent("hit", StartMs + (i * 1_000), "hits", 0, i, new OracleFields(names, values));
            engine.Apply(e);
            oracle.Add(e);
        }

        return (engine, oracle);
    }
}
