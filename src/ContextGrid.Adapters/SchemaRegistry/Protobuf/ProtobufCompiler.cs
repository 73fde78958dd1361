using System.Globalization;
using System.Text;
using ContextGrid.Core.Model;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>
/// Compiles a .proto file against the view of an event's used fields: each of its messages, since a payload says which
/// of them it is. A field is bound by its name; one that the message does not have stays null.
/// </summary>
internal sealed class ProtobufCompiler
{
    private readonly ProtoScope _scope = new();
    private string? _wrong;
    private int _wrongSlot;

    private ProtobufCompiler()
    {
    }

    /// <summary>Compiles a file.</summary>
    /// <exception cref="SchemaTextException">Its text, or that of an import, is no .proto file.</exception>
    internal static SchemaVerdict Compile(RegistrySchema schema, FieldPath view)
    {
        var compiler = new ProtobufCompiler();
        foreach (RegistryReference reference in schema.References)
        {
            compiler._scope.Add(ProtoParser.Parse(reference.Text));
        }

        ProtoFile file = ProtoParser.Parse(schema.Text);
        compiler._scope.Add(file);
        if (file.Messages.Count == 0)
        {
            return SchemaVerdict.Mismatch(-1, "the writer's schema has no message");
        }

        ProtoEntry[] entries = [.. file.Messages.Select(m => compiler.Entry(m, view))];
        return entries.Any(e => e.IsReadable)
            ? SchemaVerdict.Good(new ProtobufProgram(entries, schema.Id))
            : SchemaVerdict.Mismatch(entries[0].WrongSlot, entries[0].Wrong ?? "");
    }

    private ProtoEntry Entry(ProtoMessage message, FieldPath view)
    {
        _wrong = null;
        ProtoStep step = Message(message, view);
        return new ProtoEntry(step, _wrong, _wrongSlot, [.. message.Messages.Select(m => Entry(m, view))]);
    }

    private ProtoStep Message(ProtoMessage message, FieldPath view)
    {
        var step = new ProtoStep();
        var oneofs = new Dictionary<int, List<(ProtoUse Use, FieldPath Member)>>();
        foreach (ProtoField field in message.Fields)
        {
            if (!view.TryGet(field.Name, out FieldPath? member) || Use(message, field, member) is not { } use)
            {
                continue;
            }

            step.Add(field.Number, use);
            AddDefault(step, message, field, use);
            if (field.Oneof >= 0)
            {
                oneofs.TryAdd(field.Oneof, []);
                oneofs[field.Oneof].Add((use, member));
            }
        }

        foreach (List<(ProtoUse Use, FieldPath Member)> members in oneofs.Values)
        {
            foreach ((ProtoUse use, FieldPath own) in members)
            {
                use.Replaces = [.. members.Where(m => m.Member != own).SelectMany(m => m.Member.Slots())];
            }
        }

        AddSilentMembers(step, message, view);
        return step;
    }

    // A member of a oneof that no definition uses still replaces those that are used.
    private static void AddSilentMembers(ProtoStep step, ProtoMessage message, FieldPath view)
    {
        foreach (ProtoField field in message.Fields.Where(f => f.Oneof >= 0 && !view.TryGet(f.Name, out _)))
        {
            int[] replaced =
            [
                .. message.Fields.Where(f => f.Oneof == field.Oneof)
                    .SelectMany(f => view.TryGet(f.Name, out FieldPath? member) ? member.Slots() : []),
            ];
            if (replaced.Length > 0)
            {
                step.Add(field.Number, new ProtoUse { Type = ProtoType.None, Slot = -1, Replaces = replaced });
            }
        }
    }

    private ProtoUse? Use(ProtoMessage message, ProtoField field, FieldPath member)
    {
        ProtoType type = TypeOf(message, field, out ProtoMessage? inner, out ProtoEnum? symbols, out ProtoType wrapped);
        bool isRepeated = field.Label is ProtoLabel.Repeated or ProtoLabel.RepeatedGroup;
        bool isGroup = field.Label is ProtoLabel.Group or ProtoLabel.RepeatedGroup;
        if (member.Slot < 0)
        {
            return inner is null || isRepeated
                ? Wrong(field, member)
                : new ProtoUse { Type = type, Slot = -1, IsGroup = isGroup, Inner = Message(inner, member) };
        }

        ProtoType value = type == ProtoType.Wrapper ? wrapped : type;
        bool fits = member.Type == ValueKind.List
            ? isRepeated && ProtoTypes.OfItem(value) != ValueKind.Null
            : !isRepeated && ProtoTypes.CanBe(value, member.Type);
        return fits
            ? new ProtoUse
            {
                Type = type,
                Slot = member.Slot,
                Wanted = member.Type == ValueKind.List ? ProtoTypes.OfItem(value) : member.Type,
                IsRepeated = isRepeated,
                Wrapped = wrapped,
                Names = symbols?.Values.DistinctBy(v => v.Number)
                    .ToDictionary(v => v.Number, v => Encoding.UTF8.GetBytes(v.Name)),
                IsClosed = symbols?.File.Syntax == ProtoSyntax.Proto2,
            }
            : Wrong(field, member);
    }

    private ProtoType TypeOf(
        ProtoMessage message, ProtoField field, out ProtoMessage? inner, out ProtoEnum? symbols, out ProtoType wrapped)
    {
        (inner, symbols, wrapped) = (null, null, ProtoType.None);
        ProtoType scalar = ProtoTypes.Scalar(field.Type);
        if (scalar != ProtoType.None || field.Label == ProtoLabel.Map)
        {
            return scalar;
        }

        if (_scope.TryMessage(field.Type, message.Name, out inner))
        {
            ProtoType known = ProtoTypes.OfWellKnown(inner.Name, out wrapped);
            return known == ProtoType.None ? ProtoType.Message : known;
        }

        if (_scope.TryEnum(field.Type, message.Name, out symbols))
        {
            return ProtoType.Enum;
        }

        ProtoType wellKnown = ProtoTypes.OfWellKnown(field.Type, out wrapped);
        return wellKnown == ProtoType.None && message.Name.StartsWith("google.", StringComparison.Ordinal)
            ? ProtoTypes.OfWellKnown("google." + field.Type, out wrapped)
            : wellKnown;
    }

    private static void AddDefault(ProtoStep step, ProtoMessage message, ProtoField field, ProtoUse use)
    {
        bool isImplicit = field.Label == ProtoLabel.None && field.Oneof < 0 && message.File.Syntax switch
        {
            ProtoSyntax.Proto3 => true,
            ProtoSyntax.Edition => field.IsImplicit ?? message.File.IsImplicit,
            _ => false,
        };
        if (use.IsRepeated)
        {
            step.Defaults.Add((use.Slot, Value.List([], 0, 0)));
        }
        else if (use.Slot >= 0 && (isImplicit || field.Default is not null)
            && ProtoDefaults.Of(use, field.Default) is { IsNull: false } value)
        {
            step.Defaults.Add((use.Slot, value));
        }
    }

    private ProtoUse? Wrong(ProtoField field, FieldPath member)
    {
        string type = field.Label switch
        {
            ProtoLabel.Repeated or ProtoLabel.RepeatedGroup => $"repeated {field.Type}",
            _ => field.Type,
        };
        ValueKind wanted = member.Slot >= 0 ? member.Type : ValueKind.Null;
        if (_wrong is null)
        {
            _wrongSlot = member.Slots().First();
            _wrong = string.Create(
                CultureInfo.InvariantCulture,
                $"the writer's field '{member.Name}' is {type}; {ProtoTypes.Meant(wanted)} was meant");
        }

        return null;
    }
}
