namespace ContextGrid.Runtime.Codecs;

/// <summary>Why a payload is not an event.</summary>
public enum DecodeError
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>The payload is not one JSON text (RFC 8259): cut short, trailing text, NaN …</summary>
    InvalidJson,

    /// <summary>The payload is JSON but not an object.</summary>
    NotAnObject,

    /// <summary>Objects and arrays are nested deeper than 64.</summary>
    TooDeep,

    /// <summary>The payload has bytes that are not UTF-8.</summary>
    InvalidUtf8,

    /// <summary>A <c>\u</c> escape is half of a surrogate pair.</summary>
    LoneSurrogate,

    /// <summary>A declared member occurs twice.</summary>
    DuplicateMember,

    /// <summary>A member's value is not of the declared type.</summary>
    WrongType,

    /// <summary>A number does not fit the declared type.</summary>
    NumberOutOfRange,

    /// <summary>A list has more than 1,024 items.</summary>
    ListTooLong,

    /// <summary>The member that holds the event time is absent or null.</summary>
    MissingTimestamp,

    /// <summary>A timestamp is neither epoch milliseconds nor RFC 3339, or not within the years 1 to 9999.</summary>
    BadTimestamp,

    /// <summary>The event time is further ahead of the record's log time than the definition allows.</summary>
    TooFarInFuture,

    /// <summary>The event has no key for any entity that consumes it.</summary>
    MissingKey,

    /// <summary>A key is the empty text.</summary>
    EmptyKey,

    /// <summary>A key is longer than 1,024 bytes.</summary>
    KeyTooLong,

    /// <summary>The payload is larger than 1 MiB.</summary>
    TooLarge,

    /// <summary>The payload has no frame of a schema registry, so its schema is not known.</summary>
    NotFramed,

    /// <summary>The schema registry has answered that it has no schema of the payload's id.</summary>
    UnknownSchema,

    /// <summary>The writer's schema can't be read as the definition's fields.</summary>
    SchemaMismatch,

    /// <summary>The payload is not what its Avro schema says: cut short, a negative length …</summary>
    InvalidAvro,

    /// <summary>The payload is not of Protobuf's wire format, or not of its message.</summary>
    InvalidProtobuf,

    /// <summary>The payload is JSON but no CloudEvent with JSON data.</summary>
    InvalidCloudEvent,
}

/// <summary>The stable codes of <see cref="DecodeError"/>: they stand in dead letters, metrics and answers.</summary>
public static class DecodeErrorReasons
{
    /// <summary>The code in snake case, such as <c>wrong_type</c>; empty for <see cref="DecodeError.None"/>.</summary>
    public static string Reason(this DecodeError error) => error switch
    {
        DecodeError.None => "",
        DecodeError.InvalidJson => "invalid_json",
        DecodeError.NotAnObject => "not_an_object",
        DecodeError.TooDeep => "too_deep",
        DecodeError.InvalidUtf8 => "invalid_utf8",
        DecodeError.LoneSurrogate => "lone_surrogate",
        DecodeError.DuplicateMember => "duplicate_member",
        DecodeError.WrongType => "wrong_type",
        DecodeError.NumberOutOfRange => "number_out_of_range",
        DecodeError.ListTooLong => "list_too_long",
        DecodeError.MissingTimestamp => "missing_timestamp",
        DecodeError.BadTimestamp => "bad_timestamp",
        DecodeError.TooFarInFuture => "too_far_in_future",
        DecodeError.MissingKey => "missing_key",
        DecodeError.EmptyKey => "empty_key",
        DecodeError.KeyTooLong => "key_too_long",
        DecodeError.TooLarge => "too_large",
        DecodeError.NotFramed => "not_framed",
        DecodeError.UnknownSchema => "unknown_schema",
        DecodeError.SchemaMismatch => "schema_mismatch",
        DecodeError.InvalidAvro => "invalid_avro",
        DecodeError.InvalidProtobuf => "invalid_protobuf",
        DecodeError.InvalidCloudEvent => "invalid_cloudevent",
        _ => throw new ArgumentOutOfRangeException(nameof(error)),
    };
}
