namespace ContextGrid.Client;

/// <summary>Names one entity.</summary>
/// <param name="Type">The type's name as defined, such as "user".</param>
/// <param name="Key">The entity's key: 1 to 1,024 bytes of UTF-8.</param>
public readonly record struct EntityId(string Type, string Key);
