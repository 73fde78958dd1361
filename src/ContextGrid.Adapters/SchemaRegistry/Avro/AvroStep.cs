namespace ContextGrid.Adapters.SchemaRegistry.Avro;

/// <summary>
/// One step of a compiled schema: how a value is read or passed over. Steps form a graph; the parts of it that hold no
/// used field may have cycles. Immutable once compiled.
/// </summary>
internal sealed class AvroStep(AvroSchema schema)
{
    /// <summary>The type as it is written.</summary>
    internal AvroKind Kind { get; } = schema.Kind;

    /// <summary>What it stands for.</summary>
    internal AvroLogical Logical { get; } = schema.Logical;

    /// <summary>The bytes of a fixed.</summary>
    internal int Size { get; } = schema.Size;

    /// <summary>Digits after the point of a decimal.</summary>
    internal int Scale { get; } = schema.Scale;

    /// <summary>What becomes of the value.</summary>
    internal AvroRead Read { get; init; } = AvroRead.Skip;

    /// <summary>The field that it becomes; −1: none.</summary>
    internal int Slot { get; init; } = -1;

    /// <summary>For <see cref="AvroRead.Refuse"/>: what was found and what was meant.</summary>
    internal string Refusal { get; init; } = "";

    /// <summary>The fields of a record, the branches of a union, the one step of an array or map.</summary>
    internal AvroStep[] Inner { get; set; } = [];

    /// <summary>The symbols of an enum as UTF-8.</summary>
    internal byte[][] Symbols { get; init; } = [];

    /// <summary>The bytes of every value of the type; −1: they differ, and are at least 1.</summary>
    internal int FixedBytes { get; set; } = -1;
}

/// <summary>What becomes of a value.</summary>
internal enum AvroRead
{
    /// <summary>It is passed over.</summary>
    Skip,

    /// <summary>Some of its members or branches are used.</summary>
    Inside,

    /// <summary>It can't be read as the field's type, and refuses the event.</summary>
    Refuse,

    /// <summary>It becomes a bool.</summary>
    Bool,

    /// <summary>It becomes an integer.</summary>
    Int64,

    /// <summary>It becomes a double.</summary>
    Double,

    /// <summary>It becomes a text.</summary>
    Text,

    /// <summary>It becomes a point in time.</summary>
    Time,

    /// <summary>It becomes a list.</summary>
    List,
}
