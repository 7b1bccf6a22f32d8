"""What gunicorn serves: https://docs.djangoproject.com/en/5.2/howto/deployment/wsgi/"""

from django.core.wsgi import get_wsgi_application

app = get_wsgi_application()
