// Job type of Flamenco 3 for batches of Impasto: each task makes one part of a table by batch_part.py.
//
// Put this file into the folder `scripts` beside flamenco-manager, and batch_part.py into a folder that all workers see.

const JOB_TYPE = {
    label: "Impasto Batch",
    description: "Make many materials from a table; a task for each part of it",
    settings: [
        {
            key: "table", type: "string", subtype: "file_path", required: true,
            description: "Table of `impasto batch` (.csv, .tsv, .jsonl), in a folder that all workers see",
        },
        {
            key: "out", type: "string", subtype: "dir_path", required: true,
            description: "Folder of the results; each part has its own folder in it",
        },
        {
            key: "parts", type: "int32", default: 10, propargs: { min: 1, max: 10000 },
            description: "Number of parts, each a task; parts of some minutes are best",
        },
        {
            key: "script", type: "string", subtype: "file_path", required: true,
            description: "batch_part.py, in a folder that all workers see",
        },
        {
            key: "python", type: "string", default: "python", visible: "submission",
            description: "Python with impasto on the workers, or a variable such as {impasto_python}",
        },
        {
            key: "options", type: "string", default: "", visible: "submission",
            description: "More options of `impasto batch`, such as: --workers 4 --time-limit 10min (no quotes)",
        },
    ],
};

function compileJob(job) {
    const settings = job.settings;
    for (let part = 1; part <= settings.parts; part++) {
        const task = author.Task("part " + part + " of " + settings.parts, "misc");
        const given = [settings.script, settings.table, String(part), String(settings.parts), "--out", settings.out];
        task.addCommand(author.Command("exec", {
            exe: settings.python,
            args: given.concat((settings.options || "").split(" ").filter(Boolean)),
        }));
        job.addTask(task);
    }
}
