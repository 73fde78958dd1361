using ContextGrid.Core.Model;

namespace ContextGrid.Cli.Scaffolding;

/// <summary>A field that a definition could declare.</summary>
/// <param name="Name">Its name in the payload.</param>
/// <param name="Type">Its type.</param>
/// <param name="Distinct">How many different values a sample has of it; 0: there is no sample.</param>
/// <param name="Unit">The unit in which all numbers of a sample are times of this century; unstated: none is.</param>
public readonly record struct FieldSketch(
    string Name, ValueKind Type, int Distinct, TimeUnit Unit = TimeUnit.Unstated);
