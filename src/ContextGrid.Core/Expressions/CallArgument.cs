namespace ContextGrid.Core.Expressions;

/// <summary>An argument and the token that it starts at, where errors about it point.</summary>
internal readonly record struct CallArgument(Expression Expression, Token Start);
