namespace ContextGrid.Tidy.Tests;

public sealed class SourceShapeTests
{
    private const string Sample = """
        namespace Sample;
        /// <summary>class Comment { }</summary>
        public sealed partial class Thing<T>(int x) : Base where T : class
        {
            private readonly List<int> _list = new(3) { 1, 2 };
            private string _text = "{ not ( a brace";
            [Fact(Skip = "x")]
            public async Task<int> RunAsync(int a = 1)
            {
                if (a > 0)
                {
                    return '{';
                }
            }

            public int Short() => 1;
            public int Switch(int a) => a switch
            {
                1 => 2,
                _ => 3,
            };
            public int Property { get; set; }
            private sealed class Inner
            {
                public Inner() { }
            }
        }
        public readonly record struct Small(int A);
        public enum Kind { A, B }
        """;

    [Fact]
    public void Of_Sample_FindsTheTypes() => Assert.Equal(
        ["Thing class", "Small record struct", "Kind enum"],
        SourceShape.Of(Sample).Types.Select(type => $"{type.Name} {type.Kind}"));

    [Fact]
    public void Of_Sample_FindsTheMethodsAndTheirLines() => Assert.Equal(
        ["RunAsync 7", "Short 1", "Switch 5", "Inner 1"],
        SourceShape.Of(Sample).Methods.Select(method => $"{method.Name} {method.Lines}"));
}
