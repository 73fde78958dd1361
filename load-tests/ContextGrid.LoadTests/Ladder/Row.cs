using System.Text.Json;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>One figure. Printed as a JSON line; <see cref="RowTable"/> makes a table of such lines.</summary>
/// <param name="Rung">The rung that it belongs to.</param>
/// <param name="What">What was measured.</param>
/// <param name="Unit">The unit.</param>
/// <param name="Value">The figure; null: this is a rival's row.</param>
/// <param name="Aim">What it should be, with its direction, such as <c>≥ 60,000</c>; empty: none.</param>
/// <param name="Rival">Who does the same work in the same run; empty: nobody.</param>
/// <param name="RivalValue">The rival's figure.</param>
internal sealed record Row(
    string Rung, string What, string Unit, double? Value, string Aim = "", string Rival = "", double? RivalValue = null)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    internal static Row Of(Arguments arguments) => new(
        arguments.Text("rung", ""),
        arguments.Text("what", ""),
        arguments.Text("unit", ""),
        NumberOf(arguments, "value"),
        arguments.Text("aim", ""),
        arguments.Text("rival", ""),
        NumberOf(arguments, "rival-value"));

    internal static Row? Parse(string line) =>
        line.StartsWith('{') ? JsonSerializer.Deserialize<Row>(line, Options) : null;

    internal void Print() => Console.Out.WriteLine(JsonSerializer.Serialize(this, Options));

    private static double? NumberOf(Arguments arguments, string name)
    {
        double number = arguments.Number(name, double.NaN);
        return double.IsNaN(number) ? null : number;
    }
}
