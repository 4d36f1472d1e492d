// Stub of what Flamenco 3 gives to a job type: `author`, and `job` with `settings` and `addTask`.
const compiled = [];
function need(value, what) { if (typeof value !== "string" || !value.trim()) throw new Error(what + " is required"); }
const author = Object.freeze({
    Task(name, type) {
        need(name, "author.Task(name, type): name");
        need(type, "author.Task(name, type): type");
        const commands = [];
        return Object.freeze({ name, type, commands, addCommand(command) { commands.push(command); } });
    },
    Command(name, parameters) {
        need(name, "author.Command(name, parameters): name");
        return Object.freeze({ name, parameters });
    },
});
const print = () => {};
