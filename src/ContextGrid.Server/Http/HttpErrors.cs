using System.Globalization;
using ContextGrid.Contracts.Rpc;
using ContextGrid.Server.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Http.Features;

namespace ContextGrid.Server.Http;

/// <summary>Errors over HTTP: <c>google.rpc.Status</c> as JSON, under the HTTP status that gateways give a gRPC status.
/// Source: google/rpc/code.proto.</summary>
internal static class HttpErrors
{
    // What nginx answers to a client that has gone; no standard names a status for it.
    private const int ClientClosedRequest = 499;

    /// <summary>The HTTP status of a gRPC status.</summary>
    internal static int HttpStatusOf(GrpcStatus status) => status switch
    {
        GrpcStatus.Ok => StatusCodes.Status200OK,
        GrpcStatus.Cancelled => ClientClosedRequest,
        GrpcStatus.InvalidArgument or GrpcStatus.FailedPrecondition or GrpcStatus.OutOfRange =>
            StatusCodes.Status400BadRequest,
        GrpcStatus.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
        GrpcStatus.NotFound => StatusCodes.Status404NotFound,
        GrpcStatus.AlreadyExists or GrpcStatus.Aborted => StatusCodes.Status409Conflict,
        GrpcStatus.PermissionDenied => StatusCodes.Status403Forbidden,
        GrpcStatus.Unauthenticated => StatusCodes.Status401Unauthorized,
        GrpcStatus.ResourceExhausted => StatusCodes.Status429TooManyRequests,
        GrpcStatus.Unimplemented => StatusCodes.Status501NotImplemented,
        GrpcStatus.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>How a request ends whose handler threw.</summary>
    /// <param name="exception">What it threw.</param>
    /// <param name="isAborted">Whether the client is gone.</param>
    /// <param name="isUnexpected">Whether the operator must hear of it.</param>
    internal static HttpProblem From(Exception exception, bool isAborted, out bool isUnexpected)
    {
        isUnexpected = false;
        switch (exception)
        {
            case HttpRefusal refusal:
                return new HttpProblem(refusal.HttpStatus, refusal.Status, refusal.Message, []);
            case BadHttpRequestException bad:
                return new HttpProblem(bad.StatusCode, GrpcStatus.InvalidArgument, bad.Message, []);
        }

        GrpcOutcome outcome = isAborted && exception is not GrpcException
            ? new GrpcOutcome(GrpcStatus.Cancelled, "The client gave the request up.", null)
            : GrpcErrors.From(exception, out isUnexpected);
        return new HttpProblem(
            HttpStatusOf(outcome.Status), outcome.Status, outcome.Message, outcome.Details ?? []);
    }

    /// <summary>The problem as <c>google.rpc.Status</c> in JSON.</summary>
    internal static string ToJson(in HttpProblem problem)
    {
        var status = new Status { Code = (int)problem.Status, Message = problem.Message };
        status.Details.AddRange(problem.Details.Select(d => Any.Pack(d)));
        return Json.ProtoJson.Format(status);
    }

    /// <summary>Answers with a problem. Does nothing once the response has begun.</summary>
    internal static async Task WriteAsync(HttpContext http, HttpProblem problem)
    {
        if (http.Response.HasStarted || http.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        http.Response.StatusCode = problem.HttpStatus;
        if (problem.Details.OfType<RetryInfo>().FirstOrDefault() is { } retry)
        {
            long seconds = Math.Max(1, retry.RetryDelay.Seconds);
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        // The status line tells the code; a reason phrase of our own keeps proxies from guessing one for 499.
        if (problem.HttpStatus == ClientClosedRequest
            && http.Features.Get<IHttpResponseFeature>() is { } feature)
        {
            feature.ReasonPhrase = "Client Closed Request";
        }

        http.Response.ContentType = Json.ProtoJson.ContentType;
        await http.Response.WriteAsync(ToJson(problem) + "\n").ConfigureAwait(false);
    }
}

/// <summary>An error as a client sees it.</summary>
/// <param name="HttpStatus">The HTTP status.</param>
/// <param name="Status">The gRPC status.</param>
/// <param name="Message">What was wrong.</param>
/// <param name="Details">Details for programs.</param>
internal readonly record struct HttpProblem(
    int HttpStatus, GrpcStatus Status, string Message, IReadOnlyList<IMessage> Details);
