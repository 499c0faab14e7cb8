/* The box as an iframe, /KEY/widget.html?lang=km. The server writes the numbers into it,
 * so it is right without a script; here they are fetched anew once a minute while
 * somebody can see them. Nothing is counted. ES5. */
(function () {
    var key = location.pathname.split('/').slice(-2)[0];
    var point = document.documentElement.lang == 'en' ? ',' : '.';
    var digits = document.querySelector('[data-style=digits]');
    var asked = Date.now();

    function written(node, number) {
        if (digits && node.parentNode.className == 'luot-total')
            return ('00000' + number).slice(-Math.max(6, String(number).length));
        return String(number).replace(/\B(?=(\d{3})+$)/g, point);
    }

    function show(numbers) {
        [].forEach.call(document.querySelectorAll('[data-number]'), function (node) {
            var name = node.getAttribute('data-number');
            // Whoever reads it is there.
            var text = written(node, numbers[name] || (name == 'online' ? 1 : 0));
            if (node.textContent != text) // else a screen reader says it again
                node.textContent = text;
        });
    }

    function ask() {
        var request = new XMLHttpRequest();
        request.open('GET', '../v1/' + key + '/widget.json');
        request.onload = function () {
            if (request.status == 200)
                show(JSON.parse(request.responseText));
        };
        request.send();
        asked = Date.now();
    }

    function look() {
        if (!document.hidden && Date.now() - asked > 59000)
            ask();
    }

    document.addEventListener('visibilitychange', look);
    setInterval(look, 10000);
})();
