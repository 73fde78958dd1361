using System.Collections.Immutable;

namespace ContextGrid.Core.Definitions;

/// <summary>Orders a graph so that everything comes after what it needs, without recursion.</summary>
internal static class TopologicalOrder
{
    private enum Mark : byte
    {
        New,
        Open,
        Done,
    }

    /// <summary>Depth-first order; nodes in ascending order where the graph leaves a choice.</summary>
    /// <param name="needs">For each node the nodes that must come before it.</param>
    /// <param name="cycles">
    /// Each cycle that was met, as its nodes in the order of need, the first repeated at the end.
    /// </param>
    /// <returns>All nodes; those on a cycle have no meaningful place.</returns>
    internal static ImmutableArray<int> Sort(int[][] needs, List<int[]> cycles)
    {
        var marks = new Mark[needs.Length];
        var order = ImmutableArray.CreateBuilder<int>(needs.Length);
        var path = new List<(int Node, int Next)>();
        for (int root = 0; root < needs.Length; root++)
        {
            if (marks[root] == Mark.New)
            {
                path.Add((root, 0));
                marks[root] = Mark.Open;
            }

            while (path.Count > 0)
            {
                Step(needs, marks, path, order, cycles);
            }
        }

        return order.ToImmutable();
    }

    private static void Step(
        int[][] needs, Mark[] marks, List<(int Node, int Next)> path, ImmutableArray<int>.Builder order,
        List<int[]> cycles)
    {
        (int node, int next) = path[^1];
        if (next == needs[node].Length)
        {
            marks[node] = Mark.Done;
            order.Add(node);
            path.RemoveAt(path.Count - 1);
            return;
        }

        path[^1] = (node, next + 1);
        int needed = needs[node][next];
        if (marks[needed] == Mark.New)
        {
            marks[needed] = Mark.Open;
            path.Add((needed, 0));
        }
        else if (marks[needed] == Mark.Open)
        {
            int start = path.FindIndex(p => p.Node == needed);
            cycles.Add([.. path.Skip(start).Select(p => p.Node), needed]);
        }
    }
}
