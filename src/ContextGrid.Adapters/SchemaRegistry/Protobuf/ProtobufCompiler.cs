using System.Globalization;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>
/// Compiles a .proto file against the view of an event's used fields: each of its messages, since a payload says which
/// of them it is. A field is bound by its name; one that the message does not have stays null.
/// </summary>
internal sealed class ProtobufCompiler
{
    private static readonly ProtoStep Nothing = new(new Dictionary<int, ProtoUse>(), []);

    private static readonly ProtoShape Unasked = new(new Dictionary<int, int>());

    private readonly ProtoSchema _schema;
    private readonly FieldPath _view;
    private readonly bool _isAmbiguous;
    private readonly Dictionary<ProtoEnum, ProtoSymbolNames> _names = [];
    private string? _wrong;
    private int _wrongSlot;

    private ProtobufCompiler(ProtoSchema schema, FieldPath view)
    {
        (_schema, _view) = (schema, view);
        _isAmbiguous = schema.File.Messages.Any(IsAmbiguous);
    }

    /// <summary>Compiles a file.</summary>
    /// <exception cref="SchemaTextException">Its text, or that of an import, is no .proto file.</exception>
    internal static SchemaVerdict Compile(RegistrySchema schema, FieldPath view)
    {
        ProtoSchema read = ProtoSchema.Read(schema);
        if (read.File.Messages.Count == 0)
        {
            return SchemaVerdict.Mismatch(-1, "the writer's schema has no message");
        }

        var compiler = new ProtobufCompiler(read, view);
        ProtoEntries entries = compiler.Entries(read.File.Messages);
        return entries.IsReadable
            ? SchemaVerdict.Good(new ProtobufProgram(entries, schema.Id))
            : SchemaVerdict.Mismatch(entries.Described[0].WrongSlot, entries.Described[0].Wrong ?? "");
    }

    // Groups and the entries of maps are messages to some clients and none to others.
    private static bool IsAmbiguous(ProtoMessage message) =>
        message.Origin != ProtoMessageOrigin.Written || message.Messages.Any(IsAmbiguous);

    private ProtoEntries Entries(List<ProtoMessage> messages)
    {
        if (messages.Count == 0)
        {
            return ProtoEntries.None;
        }

        ProtoEntry[] all = [.. messages.Select(Entry)];
        bool isWritten = messages.All(m => m.Origin == ProtoMessageOrigin.Written);
        ProtoEntry[] written = isWritten
            ? all
            : [.. all.Where((_, i) => messages[i].Origin == ProtoMessageOrigin.Written)];
        return new ProtoEntries(all, written);
    }

    private ProtoEntry Entry(ProtoMessage message)
    {
        _wrong = null;
        ProtoStep step = Message(message, _view);
        ProtoShape? shape = message.Origin == ProtoMessageOrigin.MapEntry ? null
            : _isAmbiguous ? Shape(message) : Unasked;
        return new ProtoEntry(step, _wrong, _wrongSlot, shape, Entries(message.Messages));
    }

    private ProtoShape Shape(ProtoMessage message)
    {
        var wires = new Dictionary<int, int>();
        foreach (ProtoField field in message.Fields)
        {
            ProtoType type = TypeOf(message, field, out _, out _, out _);
            int wire = 1 << new ProtoUse(type, IsDelimited(field, type)) { Slot = -1 }.Wire;
            bool isPackable = field.IsRepeated && type <= ProtoType.Enum;
            wires[field.Number] = type == ProtoType.None ? ProtoCursor.AnyWire
                : isPackable ? wire | 1 << ProtoCursor.WireBytes : wire;
        }

        return new ProtoShape(wires);
    }

    private ProtoStep Message(ProtoMessage message, FieldPath view)
    {
        var uses = new Dictionary<int, ProtoUse>();
        var defaults = new List<ProtoDefault>();
        var oneofs = new Dictionary<ProtoOneof, List<ProtoDefault>>();
        foreach (ProtoField field in message.Fields)
        {
            if (!view.TryGet(field.Name, out FieldPath? member) || Use(message, field, member) is not { } use)
            {
                continue;
            }

            uses[field.Number] = use;
            ProtoDefault? own = Default(field, use);
            if (own is not null)
            {
                defaults.Add(own.Value);
            }

            if (field.Oneof is not null)
            {
                oneofs.TryAdd(field.Oneof, []);
                oneofs[field.Oneof].AddRange(member.Slots().Select(
                    s => own?.Slot == s ? own.Value : new ProtoDefault(s, Value.Null)));
            }
        }

        AddOneofs(message, view, oneofs, uses);
        return uses.Count == 0 ? Nothing : new ProtoStep(uses, [.. defaults]);
    }

    // A member of a oneof replaces the others, also one that no definition uses.
    private void AddOneofs(
        ProtoMessage message,
        FieldPath view,
        Dictionary<ProtoOneof, List<ProtoDefault>> oneofs,
        Dictionary<int, ProtoUse> uses)
    {
        foreach (ProtoField field in message.Fields)
        {
            if (field.Oneof is null || !oneofs.TryGetValue(field.Oneof, out List<ProtoDefault>? all))
            {
                continue;
            }

            int[] own = view.TryGet(field.Name, out FieldPath? member) ? [.. member.Slots()] : [];
            if (!uses.TryGetValue(field.Number, out ProtoUse? use))
            {
                ProtoType type = TypeOf(message, field, out _, out ProtoSymbolNames? names, out _);
                uses[field.Number] = use = new ProtoUse(type, IsDelimited(field, type)) { Slot = -1, Names = names };
            }

            use.Replaces = [.. all.Where(d => !own.Contains(d.Slot))];
        }
    }

    private ProtoUse? Use(ProtoMessage message, ProtoField field, FieldPath member)
    {
        ProtoType type = TypeOf(
            message, field, out ProtoMessage? inner, out ProtoSymbolNames? names, out ProtoType wrapped);
        if (type == ProtoType.None)
        {
            return Wrong(member, _schema.Unknown(field.TypeName));
        }

        if (member.Slot < 0)
        {
            return inner is null || field.IsRepeated
                ? Mismatch(field, member)
                : new ProtoUse(type, IsDelimited(field, type)) { Slot = -1, Inner = Message(inner, member) };
        }

        ProtoType value = type == ProtoType.Wrapper ? wrapped : type;
        bool isList = member.Type == ValueKind.List;
        bool fits = isList == field.IsRepeated
            && (isList ? ProtoTypes.OfItem(value) != ValueKind.Null : ProtoTypes.CanBe(value, member.Type));
        if (!fits || field.IsMap || (inner is not null && member.Members.Count > 0))
        {
            return Mismatch(field, member);
        }

        return new ProtoUse(type, IsDelimited(field, type))
        {
            Slot = member.Slot,
            Wanted = isList ? ProtoTypes.OfItem(value) : member.Type,
            IsRepeated = isList,
            Wrapped = wrapped,
            Names = names,
        };
    }

    private static bool IsDelimited(ProtoField field, ProtoType type) =>
        type >= ProtoType.Message && field.Resolved.IsDelimited;

    private ProtoType TypeOf(
        ProtoMessage message,
        ProtoField field,
        out ProtoMessage? inner,
        out ProtoSymbolNames? names,
        out ProtoType wrapped)
    {
        (inner, names, wrapped) = (null, null, ProtoType.None);
        if (field.Scalar != ProtoType.None)
        {
            return field.Scalar;
        }

        object? found = field.Own ?? _schema.Find(message, field.TypeName);
        inner = found as ProtoMessage;
        if (inner is not null)
        {
            return ProtoTypes.OfMessage(inner.Name, out wrapped);
        }

        if (found is not ProtoEnum symbols)
        {
            return ProtoType.None;
        }

        if (!_names.TryGetValue(symbols, out names))
        {
            _names[symbols] = names = new ProtoSymbolNames(symbols);
        }

        return ProtoType.Enum;
    }

    // What a field has while it is absent; null: nothing.
    private static ProtoDefault? Default(ProtoField field, ProtoUse use)
    {
        if (use.IsRepeated)
        {
            return new ProtoDefault(use.Slot, Value.List([], 0, 0));
        }

        bool hasOne = use.Slot >= 0 && (field.IsImplicit || field.Default is not null);
        ProtoDefault own = hasOne ? ProtoDefaults.Of(use, field.Default) : default;
        return own.Value.IsNull && own.Error == DecodeError.None ? null : own;
    }

    private ProtoUse? Mismatch(ProtoField field, FieldPath member)
    {
        string type = field.IsRepeated && !field.IsMap ? $"repeated {field.TypeName}" : field.TypeName;
        bool isBoth = member.Slot >= 0 && member.Members.Count > 0;
        string meant = ProtoTypes.Meant(member.Slot >= 0 ? member.Type : ValueKind.Null);
        return Wrong(member, isBoth ? $"{type}, and used as a value and by its members" : $"{type}; {meant} was meant");
    }

    private ProtoUse? Wrong(FieldPath member, string what)
    {
        if (_wrong is null)
        {
            _wrongSlot = member.Slots().First();
            _wrong = string.Create(CultureInfo.InvariantCulture, $"the writer's field '{member.Name}' is {what}");
        }

        return null;
    }
}
