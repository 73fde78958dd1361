using ContextGrid.Contracts.V1;

namespace ContextGrid.Client;

/// <summary>The answer to a <see cref="ContextRequest"/>. Immutable.</summary>
public sealed class ContextResult
{
    /// <summary>Reads an answer of the wire.</summary>
    /// <param name="message">The answer; it is kept and must not be changed.</param>
    /// <exception cref="ContextGridException">Internal: the answer contradicts itself.</exception>
    public ContextResult(GetContextResponse message)
    {
        Message = message;
        Entities = Array.ConvertAll<EntityContext, EntityResult>([.. message.Entities], Entity);
    }

    /// <summary>The head that was used: the request's, else the server's clock; null: it named none.</summary>
    public DateTimeOffset? AsOf => Message.AsOf?.ToDateTimeOffset();

    /// <summary>The entities in the order of the request.</summary>
    public IReadOnlyList<EntityResult> Entities { get; }

    /// <summary>What the answer reflects of every source partition of these types, and how far it is behind.</summary>
    public IReadOnlyList<SourceStatus> Sources => Message.Sources;

    /// <summary>The answer as it came over the wire; not to be changed.</summary>
    public GetContextResponse Message { get; }

    private EntityResult Entity(EntityContext entity)
    {
        if (entity.Type >= Message.Types_.Count)
            throw new ContextGridException(GrpcStatusCode.Internal, "The answer names a type that it does not carry.");
        return new EntityResult(Message.Types_[(int)entity.Type], entity);
    }
}
