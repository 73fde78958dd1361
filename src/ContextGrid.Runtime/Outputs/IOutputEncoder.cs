using System.Buffers;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Outputs;

/// <summary>Port: the form in which an output writes an entity's values. Used by one writer at a time.</summary>
public interface IOutputEncoder
{
    /// <summary>Gets ready, such as by registering a schema; called before each batch of values.</summary>
    /// <exception cref="Codecs.SchemaUnavailableException">It can't be had at present.</exception>
    ValueTask PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Writes one entity.</summary>
    /// <param name="answer">Answers the output's selection.</param>
    /// <param name="index">The entity's place in it.</param>
    /// <param name="key">The entity's key, UTF-8.</param>
    /// <param name="to">Takes the bytes.</param>
    void Encode(ContextAnswer answer, int index, ReadOnlySpan<byte> key, IBufferWriter<byte> to);
}

/// <summary>Makes the encoder of an output.</summary>
/// <param name="output">The output.</param>
/// <param name="selection">What it writes, in the order of the answer.</param>
public delegate IOutputEncoder OutputEncoderFactory(OutputDefinition output, FeatureSelection selection);
