/* The box as an iframe, /KEY/widget.html?lang=km. The server writes the numbers into it,
 * so it is right without a script; here they are fetched anew once a minute while
 * somebody can see them, and luot.js shows them. Nothing is counted. ES5. */
(function () {
    var key = location.pathname.split('/').slice(-2)[0];
    var asked = Date.now();

    function show(text) {
        window.luot.show(JSON.parse(text));
    }

    function ask() {
        var request = new XMLHttpRequest();
        request.open('GET', '../v1/' + key + '/widget.json');
        request.onload = function () {
            if (request.status == 200)
                show(request.responseText);
        };
        request.send();
        asked = Date.now();
    }

    function look() {
        if (!document.hidden && Date.now() - asked > 59000)
            ask();
    }

    show(document.querySelector('[data-widget]').getAttribute('data-widget'));
    document.addEventListener('visibilitychange', look);
    setInterval(look, 10000);
})();
