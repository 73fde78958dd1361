using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Demo;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Tests.Examples;

/// <summary>What the examples folder promises: definitions without errors, and events that they accept.</summary>
public sealed class ExampleTests
{
    /// <summary>2026-02-01T00:00:00Z: after the sample events.</summary>
    private const long NowMs = 1_769_904_000_000;

    public static TheoryData<string> Examples => new(
        Directory.GetDirectories(Path.Combine(ExampleFiles.RepositoryRoot, "examples"))
            .Select(f => Path.GetFileName(f)));

    [Theory]
    [MemberData(nameof(Examples))]
    public void Definitions_Example_HaveNoErrors(string example) => Assert.NotEmpty(Definitions(example).Entities);

    [Theory]
    [MemberData(nameof(Examples))]
    public void Samples_Example_AreAccepted(string example)
    {
        var validator = new EventValidator(Definitions(example));
        foreach (string file in Directory.GetFiles(ExampleFiles.Folder(example), "*.ndjson"))
        {
            string[] lines = File.ReadAllLines(file);
            Assert.InRange(lines.Length, 1, 50);
            Assert.True(validator.TryGetEvent(Path.GetFileNameWithoutExtension(file), out int index), file);
            foreach (string line in lines)
            {
                Assert.Equal("", validator.Validate(index, Encoding.UTF8.GetBytes(line), NowMs).Message);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void Readme_Example_IsShort(string example) =>
        Assert.InRange(File.ReadAllLines(Path.Combine(ExampleFiles.Folder(example), "README.md")).Length, 1, 40);

    [Fact]
    public void Benchmark_Definitions_AreThirtyFeatures() =>
        Assert.Equal(30, Definitions("benchmark").Entities.Single().Features.Length);

    [Theory]
    [InlineData(0.0)]
    [InlineData(1.0)]
    public void Traffic_PaymentsExample_IsAcceptedUnlessBad(double badFraction)
    {
        var validator = new EventValidator(Definitions("payments"));
        var shape = new TrafficShape(1_000, 3, NowMs - 1_000, LateFraction: 0.1, BadFraction: badFraction);
        var payments = new PaymentGenerator(shape);
        var logins = new LoginGenerator(shape);
        byte[] buffer = new byte[TrafficShape.EventBytesMax];
        for (int i = 0; i < 1_000; i++)
        {
            AssertBad(PaymentGenerator.Topic, payments.Write(i, buffer));
            AssertBad(LoginGenerator.Topic, logins.Write(i, buffer));
        }

        void AssertBad(string topic, int length)
        {
            Assert.True(validator.TryGetEvent(topic, out int index));
            EventValidation validation = validator.Validate(index, buffer.AsMemory(0, length), NowMs);
            Assert.True(
                validation.IsValid == (badFraction == 0),
                $"{Encoding.UTF8.GetString(buffer, 0, length)}: {validation.Message}");
        }
    }

    private static DefinitionSet Definitions(string example)
    {
        DefinitionReadResult result = ExampleFiles.Read(example);
        Assert.True(result.Set is not null, string.Join('\n', result.Errors));
        return result.Set;
    }
}
