global using ContextGrid.TestKit.Parts;
global using ContextGrid.TestKit.Processes;
